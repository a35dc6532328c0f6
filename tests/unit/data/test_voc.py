import pytest

from gmf.data.voc import parse_voc

OBJECT = (
    "<object><name> Rocky </name><bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>9</xmax>"
    "<ymax>9</ymax></bndbox></object>"
)
SIZE = "<size><width>10</width><height>20</height></size>"


def test_size_and_objects():
    file = parse_voc(f"<annotation>{SIZE}{OBJECT}</annotation>".encode())
    assert (file.size, file.objects) == ((10, 20), (("Rocky", (1.0, 2.5, 9.0, 9.0)),))
    assert parse_voc(b"<annotation/>").size is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused_in_every_encoding(encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    grown = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]>'
    with pytest.raises(ValueError, match="document type"):
        parse_voc(f"{head}{grown}<a>&z;</a>".encode(encoding))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<annotation>", "no element found"),
        (f"<annotation>{SIZE.replace('10', 'x')}</annotation>", "invalid literal"),
        (f"<a>{OBJECT.replace('ymin', 'top')}</a>", "no bndbox with ymin"),
        ('<?xml version="1.0" encoding="nothing"?><a/>', "unknown encoding"),
    ],
)
def test_other_files_are_refused(content, fault):
    with pytest.raises(ValueError, match=fault):
        parse_voc(content.encode())
