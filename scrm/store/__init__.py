"""The only SQL: transactions, tables, migrations, and one small class per noun."""
