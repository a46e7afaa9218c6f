"""The keys that a process has seen kept (E2)."""

from __future__ import annotations

from webhook_service.effects.remembered import LIFETIME, Remembered


def test_what_was_added_is_remembered_and_nothing_else() -> None:
    remembered = Remembered()
    remembered.add(["a", "b"])
    assert [key in remembered for key in ("a", "b", "c")] == [True, True, False]


def test_what_was_asked_for_least_is_forgotten_first() -> None:
    remembered = Remembered(most=3)
    remembered.add(["a", "b", "c"])
    assert "a" in remembered
    remembered.add(["d"])
    assert [key in remembered for key in "abcd"] == [True, False, True, True]


def test_a_key_that_is_added_again_counts_once() -> None:
    remembered = Remembered(most=2)
    remembered.add(["a", "b"])
    remembered.add(["a", "a"])
    assert "b" in remembered
    remembered.add(["c"])
    assert [key in remembered for key in "abc"] == [False, True, True]


def test_a_key_is_not_remembered_longer_than_its_row_is_surely_kept() -> None:
    """Asking for it does not prolong that: the store may have purged the row, and take it anew."""
    now = [1000.0]
    remembered = Remembered(monotonic=lambda: now[0])
    remembered.add(["a"])
    now[0] += LIFETIME.total_seconds() - 1
    assert "a" in remembered
    now[0] += 1
    assert "a" not in remembered
    remembered.add(["a"])
    assert "a" in remembered
