"""What is remembered between checks, and what is not."""

from __future__ import annotations

from datetime import timedelta

from unit.checking import SESSION, SUBJECT, at_work, forget
from unit.workbench import BenchMaker


class TestRemembering:
    def test_facts_are_and_verdicts_are_not(self, make_bench: BenchMaker) -> None:
        bench = make_bench("""
        deny:
          - {name: closing time, when: 'now >= timestamp("2026-11-25T12:00:03Z")'}
        """)
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        bench.clock.advance(seconds=3)
        assert bench.check(session_token=token).status_code == 403

    def test_a_session_that_ran_out_meanwhile_is_over(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench, left=timedelta(seconds=2))
        assert bench.check(session_token=token).status_code == 200
        bench.clock.advance(seconds=2)
        assert bench.check(session_token=token).status_code == 401

    def test_a_revocation_is_seen_once_they_are_forgotten(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        bench.ory.kratos.sessions[SESSION].revoked = True
        assert bench.check(session_token=token).status_code == 200
        forget(bench)
        assert bench.check(session_token=token).status_code == 401

    def test_with_the_cache_off_every_check_asks(self, make_bench: BenchMaker) -> None:
        bench = make_bench(check_cache=timedelta(0))
        token = at_work(bench)
        for _ in range(3):
            bench.check(session_token=token)
        assert bench.calls() == ["GET /sessions/whoami"] * 3

    def test_what_is_unknown_to_kratos_is_asked_each_time(self, make_bench: BenchMaker) -> None:
        """Who signs in must not be told that nobody is there; and guesses fill no memory."""
        bench = make_bench()
        for _ in range(3):
            bench.check(session_token="ory_st_of_nobody")
        assert len(bench.calls()) == 3

    def test_the_identity_and_the_client_are_remembered_as_well(
        self, make_bench: BenchMaker
    ) -> None:
        bench = make_bench("""
        deny:
          - {name: banned, events: [check], when: identity.metadata_admin.banned == true}
          - {name: closed, events: [hydra.token], when: client.name == "Closed"}
        """)
        token = at_work(bench)
        bench.ory.hydra.add_client("web", name="Open")
        for _ in range(3):
            assert bench.check(session_token=token).status_code == 200
            assert bench.check(session_token=token, client_id="web").status_code == 200
        assert sorted(call.partition("?")[0] for call in bench.calls()) == [
            "GET /admin/clients/web",
            f"GET /admin/identities/{SUBJECT}",
            "GET /sessions/whoami",
        ]

    def test_two_credentials_never_share_an_entry(self, make_bench: BenchMaker) -> None:
        bench = make_bench()
        token = at_work(bench)
        assert bench.check(session_token=token).status_code == 200
        assert bench.check(session_cookie=token).status_code == 200
        assert bench.check(session_id=SESSION, subject=SUBJECT).status_code == 200
        assert bench.check(session_id=SESSION, subject=SESSION).status_code == 401
        assert len(bench.calls()) == 4
