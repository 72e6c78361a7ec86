"""Prometheus, Alertmanager and their tools."""

from __future__ import annotations

import pytest
from _pytest.capture import CaptureManager

from ..build_prometheus import PrometheusPrograms, PrometheusUnavailable, build_prometheus, find_prometheus


@pytest.fixture(scope="session")
def prometheus(pytestconfig: pytest.Config) -> PrometheusPrograms:
    """The programs, built now if they have not been."""
    capture: CaptureManager | None = pytestconfig.pluginmanager.get_plugin("capturemanager")
    assert capture is not None
    try:
        # Minutes of silence look like a hang: let the build speak.
        with capture.global_and_fixture_disabled():
            return find_prometheus() or build_prometheus()
    except PrometheusUnavailable as problem:
        pytest.fail(str(problem), pytrace=False)
