"""Generated requests against the OpenAPI document; the long run is in benchmarks."""

import runpy
from pathlib import Path

import pytest
from fixtures.browser import served
from fixtures.serving import tiny_pipeline

from gmf.serving.app import create_app

pytest.importorskip("schemathesis")
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "serve_schemathesis.py"


@pytest.mark.slow
def test_answers_as_documented_to_whatever_is_sent():
    check = runpy.run_path(str(SCRIPT))["check"]
    app = create_app(tiny_pipeline())
    with served(app) as url:
        code, generated, output = check(url, cases=40)
    assert code == 0, output
    assert generated > 100
    counted = app.state.service.metrics.render().decode()
    assert 'status="200"' in counted
    assert "gmf_images_total 0.0" not in counted, "no generated image reached the model"
