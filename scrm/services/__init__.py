"""Use cases: one function tells one story. Handlers of tasks are listed in `scrm.services.tasks`."""
