"""A trained model as a wheel: data and metadata, nothing that runs."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.version import InvalidVersion, Version
from pydantic import field_validator

from gmf.core.config import Config
from gmf.core.errors import ConfigError
from gmf.core.extras import require_extra
from gmf.core.files import sha256_of, write_text
from gmf.core.installed import GROUP, NAME, InstalledModel
from gmf.core.version import __version__
from gmf.inference.exported_folder import is_exported, read_info
from gmf.prediction.publishing.card import CARD
from gmf.prediction.publishing.publish import save_pretrained
from gmf.prediction.publishing.scores import PublishedScore, read_scores, scores_of_run

#: What runs an exported model; pyproject.toml's extra ``onnx`` names the same.
_RUNTIME = "onnxruntime>=1.22"
#: Names of packages that are no models: ``gmf-demo``.
_TAKEN = ("demo",)
_LICENCE = "LICENSE"

_PROJECT = """[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = {title}
version = {version}
description = {summary}
readme = {readme}
requires-python = ">=3.11"
{licence}dependencies = {dependencies}

[project.entry-points.{group}]
{name} = {module}

[tool.hatch.build]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
packages = [{module}]
"""

#: Scores an exported model, given its folder and the data folder of its run, where that is known.
Measure = Callable[[Path, Path | None], Sequence[PublishedScore]]


class PackageOptions(Config):
    """What a package is called, and under which licence it is given.

    Args:
        name: What ``gmf.load`` will take; the package is ``gmf-NAME``. Lower-case letters, digits
            and single hyphens.
        version: Version of the package (PEP 440).
        license: SPDX expression of the weights' licence, for example ``CC-BY-4.0``.
        license_file: Text that goes along: the licence, and whom it wants named.
    """

    name: str
    version: str = "1.0"
    license: str | None = None
    license_file: Path | None = None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("expected lower-case letters, digits, single hyphens, as in my-model")
        if name in _TAKEN:
            raise ValueError(f"gmf-{name} is another package; choose another name")
        return name

    @field_validator("version")
    @classmethod
    def _is_a_version(cls, version: str) -> str:
        try:
            return str(Version(version))
        except InvalidVersion as error:
            raise ValueError("expected a version such as 1.0 or 2.1.3") from error

    @field_validator("license")
    @classmethod
    def _is_a_licence(cls, license: str | None) -> str | None:
        try:
            return license and canonicalize_license_expression(license)
        except InvalidLicenseExpression as error:
            raise ValueError(
                "expected an SPDX expression such as MIT, CC-BY-4.0 or LicenseRef-Own"
            ) from error

    @field_validator("license_file")
    @classmethod
    def _is_a_file(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("no such file")
        return file

    def of_installed(self, model: InstalledModel) -> Self:
        """Return the options for the weights of an installed model: its licence goes along.

        Args:
            model: What is packed again.

        Raises:
            ConfigError: If another licence is asked for, or the model brings several texts.
        """
        if model.license and self.license not in (None, model.license):
            raise ConfigError(
                f"--license {self.license}: {model.title} is given under {model.license}, and so "
                "are its weights; leave --license out"
            )
        texts = model.license_files
        if self.license_file is None and len(texts) > 1:
            names = ", ".join(path.name for path in texts)
            raise ConfigError(
                f"{model.title}: has several texts of its licence ({names}); name one that holds "
                "what is to go along with --license-file"
            )
        text = self.license_file or next(iter(texts), None)
        return self.model_copy(update={"license": model.license, "license_file": text})

    @property
    def module(self) -> str:
        """Name of the folder of the files, and stem of the wheel."""
        return f"gmf_{self.name.replace('-', '_')}"


def write_project(
    model: Path,
    project: Path,
    *,
    options: PackageOptions,
    int8: bool = False,
    measure: Measure = lambda *_: (),
) -> Path:
    """Write the folder that builds the package of a model.

    Args:
        model: Checkpoint folder, which is exported, or exported folder, which needs no torch.
        project: Folder to write; must not exist or be empty.
        options: Name, version, licence.
        int8: Whether to quantise the large matrix products.
        measure: Scores the exported model for its card.

    Returns:
        The folder: ``pyproject.toml``, perhaps a licence, and ``gmf_NAME`` with the model.

    Raises:
        CheckpointError: If it is no model.
        ConfigError: If the folder holds something, a library is absent, or eight bits are wanted of
            an exported model that has more.
        ExportError: If the model cannot be exported.
    """
    if project.exists() and (not project.is_dir() or any(project.iterdir())):
        raise ConfigError(f"{project}: is there already; choose another folder or delete it")
    with TemporaryDirectory() as temporary:
        exported, scores, data = model, read_scores(model), None
        if not is_exported(model):
            exported = Path(temporary) / "model"
            data = _export(model, exported, int8=int8)
            scores = [
                replace(score, source=f"{score.source}; the checkpoint before its export")
                for score in (*scores, *scores_of_run(model))
            ]
        elif int8 and not read_info(model).int8:
            raise ConfigError(f"{model}: exported in fp32; export its run again with --int8")
        save_pretrained(
            exported,
            project / options.module,
            scores=[*scores, *measure(exported, data)],
            place=options.name,
            license=options.license,
        )
    if options.license_file is not None:
        shutil.copyfile(options.license_file, project / _LICENCE)
    write_text(project / "pyproject.toml", _project_file(project, options))
    return project


def build_wheel(
    model: Path,
    out: Path,
    *,
    options: PackageOptions,
    int8: bool = False,
    measure: Measure = lambda *_: (),
) -> Path:
    """Build the wheel of a model; the same model and options give the same bytes.

    Args:
        model: See ``write_project``.
        out: Folder of the wheel; made when absent.
        options: Name, version, licence.
        int8: See ``write_project``.
        measure: See ``write_project``.

    Returns:
        The wheel.

    Raises:
        ConfigError: If another wheel of this name and version is there, or as ``write_project``.
    """
    require_extra("hatchling", extra="package", purpose="gmf package")
    from hatchling.builders.wheel import WheelBuilder

    with TemporaryDirectory() as temporary:
        project = Path(temporary) / options.module
        write_project(model, project, options=options, int8=int8, measure=measure)
        (built,) = WheelBuilder(str(project)).build(directory=temporary, versions=["standard"])
        wheel = out / Path(built).name
        if wheel.exists() and sha256_of(wheel) != sha256_of(Path(built)):
            raise ConfigError(f"{wheel}: another is there; raise --version, or delete it")
        out.mkdir(parents=True, exist_ok=True)
        shutil.move(built, wheel)
    return wheel


def _export(checkpoint: Path, folder: Path, *, int8: bool) -> Path | None:
    """Export a checkpoint; return the data folder of its run."""
    require_extra("onnx", "onnxruntime", "onnxscript", extra="onnx", purpose="exporting a model")
    from gmf.models.checkpoint import load_tagger
    from gmf.prediction.onnx.export import export_onnx

    tagger = load_tagger(checkpoint)
    export_onnx(tagger, folder, int8=int8)
    return tagger.data.folder


def _project_file(project: Path, options: PackageOptions) -> str:
    info = read_info(project / options.module)
    most = Version(__version__).major + 1
    licence = [f"license = {json.dumps(options.license)}\n"] if options.license else []
    if options.license_file is not None:
        licence.append(f'license-files = ["{_LICENCE}"]\n')
    sees = "posts and their images" if info.images else "posts"
    # A TOML string may be written as one of JSON.
    return _PROJECT.format(
        title=json.dumps(f"gmf-{options.name}"),
        version=json.dumps(options.version),
        summary=json.dumps(f"A model for gmf: finds {', '.join(info.types)} in {sees}."),
        readme=json.dumps(f"{options.module}/{CARD}"),
        licence="".join(licence),
        dependencies=json.dumps([f"gmf>={__version__},<{most}", _RUNTIME]),
        group=json.dumps(GROUP),
        name=options.name,
        module=json.dumps(options.module),
    )
