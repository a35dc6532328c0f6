from dataclasses import dataclass

from gmf.cli.evaluate import _compare_controls


@dataclass
class Evaluated:
    pairs: tuple = ()
    notes: tuple = ()
    warnings: tuple = ()


def test_what_a_control_tells_beyond_the_real_images_is_told_beside_the_table(capsys):
    told = {
        "shuffled": Evaluated(
            ("s",), ("a field lacks", "shuffled: 4 samples keep what is their own")
        ),
        "blank": Evaluated(("b",), ("a field lacks",)),
    }
    pairs, note = _compare_controls(
        lambda control: told[control],
        Evaluated(("r",), ("a field lacks",)),
        ["real", "shuffled", "blank"],
    )
    assert pairs == {"real": ("r",), "shuffled": ("s",), "blank": ("b",)}
    assert note == "shuffled: 4 samples keep what is their own."
    assert "shuffled: 4 samples keep" in capsys.readouterr().err
