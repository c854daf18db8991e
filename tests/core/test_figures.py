"""The auditors' statistics against numbers reckoned by hand."""

from __future__ import annotations

import pytest

from scrm.core.figures import Agreement, Share, agreement, per_thousand, quantile


def test_the_wilson_interval_of_eight_of_ten():
    # p = 0.8, n = 10, z = 1.96: (0.8 + 0.19208 ± 1.96 √(0.016 + 0.0096)) / 1.38415
    low, high = Share(8, 10).interval or (0, 0)

    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_nothing_missed_of_a_hundred_can_still_mean_close_to_four_in_a_hundred():
    # z² / (n + z²) = 3.8415 / 103.8415; the rule of three says 3 / 100
    share = Share(0, 100)

    assert share.share == 0
    assert share.interval == (0.0, pytest.approx(0.03699, abs=1e-5))


def test_all_of_some_is_never_said_to_be_all():
    low, high = Share(5, 5).interval or (0, 0)

    assert (low, high) == (pytest.approx(0.5655, abs=1e-4), 1.0)


def test_nothing_of_nothing_has_no_share():
    assert (Share(0, 0).share, Share(0, 0).interval) == (None, None)


def test_kappa_of_a_table_by_hand():
    # 20 pairs: both violation 9, both false positive 5, 4 and 2 apart. Agreed 14/20 = 0.7.
    # By chance: 13/20 · 11/20 + 7/20 · 9/20 = 0.515. (0.7 - 0.515) / 0.485
    pairs = [("v", "v")] * 9 + [("f", "f")] * 5 + [("v", "f")] * 4 + [("f", "v")] * 2

    assert agreement(pairs) == Agreement(20, 14, pytest.approx(0.185 / 0.485))


def test_kappa_is_none_without_pairs_and_where_everybody_always_says_the_same():
    assert agreement([]) == Agreement(0, 0, None)
    assert agreement([("v", "v")] * 3) == Agreement(3, 3, None)


def test_kappa_is_below_nothing_for_those_who_disagree_more_than_chance_would():
    # Never agreed; by chance half: (0 - 0.5) / 0.5
    assert agreement([("v", "f"), ("f", "v")]).kappa == -1


@pytest.mark.parametrize(
    ("values", "at", "expected"),
    [([], 0.5, None), ([7], 0.9, 7), ([4, 1, 3, 2], 0.5, 2.5), (list(range(11)), 0.9, 9), ([10, 20], 0.9, 19)],
)
def test_quantiles_lie_between_neighbours(values: list[float], at: float, expected: float | None):
    assert quantile(values, at) == (None if expected is None else pytest.approx(expected))


def test_rates_of_nothing_are_none():
    assert (per_thousand(3, 1500), per_thousand(3, 0)) == (2.0, None)
