"""A faulty line of columns costs its block, and no other."""

from gmf.exchange.convert import read_documents, write_documents
from gmf.exchange.document import AnnotatedText


def test_a_faulty_line_costs_its_block(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text(
        "IMGID:1\nAnn\tB-PER\nLee\t\nx\tO\n\nIMGID:2\nOslo\tB-LOC\n\nonly\n\nIMGID:3\nx\tQ\n\n"
        "IMGID:4\nx\tO\ny\tO\n"
    )
    documents, report = read_documents(path)
    assert [d.id for d in documents] == ["2", "4"]
    assert report.read == 5
    assert [fault.split(":")[1].split(",")[0] for fault in report.faults] == ["3", "11", "9"]


def test_a_byte_order_mark_is_no_first_word_of_a_file_without_identifiers(tmp_path):
    documents = [AnnotatedText("\ufeff Ann", ()), AnnotatedText("Ann", ())]
    report = write_documents(documents, tmp_path / "out", format="conll-plain")
    assert (report.written, len(report.faults)) == (1, 1)
    assert "byte order mark" in report.faults[0]
