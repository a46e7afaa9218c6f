"""``policy test``: run the tests that a policy file brings along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from webhook_service.cli.payload_file import PayloadError, read_payload
from webhook_service.cli.policy_file import FILE, file_name, read_policy
from webhook_service.cli.terminal import bold, columns, counted, dim, echo_json, printable
from webhook_service.policy.cases import NOT_SET, Difference, run
from webhook_service.policy.conditions.types import Value
from webhook_service.policy.model import Policy, PolicyTest


@dataclass(frozen=True, slots=True)
class Result:
    """How one test came out. ``error`` says why it could not be run."""

    test: PolicyTest
    differences: Sequence[Difference] = ()
    error: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the decision is as expected."""
        return not self.differences and self.error is None


@click.command(
    "test",
    help=(
        "Run the tests of a policy file; - reads standard input.\n\n"
        "A test states facts and what it expects of the decision; see docs/policy.md. Paths of"
        " payloads are relative to the file. Without --show-values what a test with a payload"
        " got for a claim is not shown: it may come from the recorded person.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  every test passes (also where the file has none)\n"
        "  1  a test fails, or the file has errors\n"
        "  2  the command was not used right, the file cannot be opened, or -k fits no test"
    ),
)
@FILE
@click.option("-k", "part", metavar="NAME", help="Only tests with this in their name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--show-values", is_flag=True, help="Show claims that come from a payload.")
def command(file: IO[bytes], *, part: str | None, as_json: bool, show_values: bool) -> None:
    """Run the tests of one file."""
    policy, name = read_policy(file), file_name(file)
    folder = Path(name).parent
    tests = [
        test for test in policy.tests if part is None or part.casefold() in test.name.casefold()
    ]
    if part is not None and not tests:
        raise click.UsageError(f"No test of {name} has {part!r} in its name.")
    results = [_result(policy, test, folder) for test in tests]
    failed = sum(not result.passed for result in results)
    if as_json:
        echo_json(_document(results, name, failed, show_values=show_values))
    else:
        for line in _report(results, name, failed, show_values=show_values):
            click.echo(line)
    raise SystemExit(1 if failed else 0)


def _result(policy: Policy, test: PolicyTest, folder: Path) -> Result:
    payload: dict[str, Value] = {}
    if test.payload is not None:
        try:
            recording, event = read_payload(folder / test.payload)
        except PayloadError as error:
            return Result(test, error=f"payload {test.payload}: {error}")
        if recording.event is not test.event:
            return Result(
                test, error=f"payload {test.payload}: is one of {recording.event}, not {test.event}"
            )
        payload = dict(event.values)
    return Result(test, run(policy, test, payload))


def _report(
    results: Sequence[Result], name: str, failed: int, *, show_values: bool
) -> Iterator[str]:
    for result in results:
        if result.passed:
            continue
        place = dim(f"{printable(name)}:{result.test.line}")
        yield f"{click.style('FAIL', fg='red')}  {bold(result.test.name)}  {place}"
        if result.error is not None:
            yield f"    {printable(result.error)}"
        shown = [_shown(each, result.test, show_values=show_values) for each in result.differences]
        yield from columns(
            [
                [
                    key,
                    "expected",
                    click.style(expected, fg="green"),
                    "got",
                    click.style(got, fg="red"),
                ]
                for key, expected, got in shown
            ],
            indent=4,
        )
    passed = len(results) - failed
    yield ", ".join(
        [
            counted(len(results), "test"),
            click.style(f"{passed} passed", fg="green" if passed else None),
            click.style(f"{failed} failed", fg="red" if failed else None),
        ]
    )


def _shown(difference: Difference, test: PolicyTest, *, show_values: bool) -> tuple[str, str, str]:
    """Return what was compared, what was expected, and what came out (P34)."""
    from_payload = test.payload is not None and difference.key.startswith("claims")
    hidden = from_payload and not show_values and difference.got not in (None, NOT_SET)
    expected, got = difference.shown
    return difference.key, printable(expected), "another value" if hidden else printable(got)


def _document(
    results: Sequence[Result], name: str, failed: int, *, show_values: bool
) -> dict[str, Any]:
    return {
        "file": name,
        "passed": len(results) - failed,
        "failed": failed,
        "tests": [
            {
                "name": result.test.name,
                "line": result.test.line,
                "event": result.test.event,
                "passed": result.passed,
                **({} if result.error is None else {"error": result.error}),
                "differences": [
                    dict(
                        zip(
                            ("key", "expected", "got"),
                            _shown(each, result.test, show_values=show_values),
                            strict=True,
                        )
                    )
                    for each in result.differences
                ],
            }
            for result in results
        ],
    }
