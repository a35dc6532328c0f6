import torch
from gmf_demo.corpus import DemoCorpusConfig
from gmf_demo.run import KINDS, ROWS, run_demo
from gmf_demo.shown_samples import write_demo_page

from gmf.testing import save_tiny_encoders


def test_the_demo_from_drawing_to_the_page(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path / "home"))
    text, image = save_tiny_encoders(tmp_path)
    threads = torch.get_num_threads()
    stages, progress = [], []
    result = run_demo(
        tmp_path / "demo",
        corpus=DemoCorpusConfig(num_train=16, num_dev=8, num_test=40),
        overrides=[
            f"encoders.text={text}",
            f"encoders.image={image}",
            "data.max_subwords=64",
            "training.epochs=1",
        ],
        on_stage=stages.append,
        on_progress=lambda *heard: progress.append(heard),
    )
    assert torch.get_num_threads() == threads
    assert [stage.split()[0] for stage in stages] == ["drawing", "training", "training", "scoring"]
    views = 2 * (16 + 8 + 40)
    assert ("images and regions", views, views) in progress
    assert progress[-1][1:] == (1, 1)
    assert list(result.scores) == [row for row, *_ in ROWS]
    assert all(set(scores) == set(KINDS) for scores in result.scores.values())
    page = tmp_path / "demo.html"
    shown = write_demo_page(result, page)
    assert len({post.prediction.sample.tokens for post in shown}) == 1
    assert len({post.prediction.sample.images for post in shown}) == len(shown) > 1
    assert "GMF closes" in page.read_text()
