"""The keys of the service's callers."""

from __future__ import annotations

from typing import Final

KRATOS_HOOK_KEY: Final = "the-key-that-kratos-sends-in-these-tests"
HYDRA_HOOK_KEY: Final = "the-key-that-hydra-sends-in-these-tests"
OPERATOR_KEY: Final = "the-key-of-an-operator-in-these-tests"
CHECK_KEY: Final = "the-key-of-a-gateway-in-these-tests"
