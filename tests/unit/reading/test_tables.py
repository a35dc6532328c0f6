"""Tables as people export them: separator, quotes and header found; a bad record costs itself."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmf.core.errors import ConfigError, DataError
from gmf.reading.tables import MAX_RECORD, dialect_of, read_records, unknown_columns


def table(text, name="a.csv", **options):
    lines = text.removesuffix("\n").split("\n")
    dialect = dialect_of(lines, path=Path(name), **options)
    records = read_records(
        iter(lines[dialect.header_lines :]), dialect=dialect, text_of=lambda line: line
    )
    return dialect, list(records)


def cells(text, name="a.csv", **options):
    return [record.cells for record in table(text, name, **options)[1]]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_the_separator_is_found_in_the_header(mark, name):
    dialect, records = table(f"id{mark}text\n1{mark}Ann: Lee in Oslo\n", name)
    assert (dialect.delimiter, dialect.header) == (mark, ("id", "text"))
    assert records[0].cells == ("1", "Ann: Lee in Oslo")


def test_one_column_blanks_in_the_header_and_excels_first_line():
    assert cells("text\nAnn Lee\n\nOslo\n") == [("Ann Lee",), ("Oslo",)]
    assert table("\n id, text \n1,Oslo\n")[0].header == ("id", "text")
    for first in ("sep=;", 'SEP=;"', '"sep=;"'):
        assert cells(f"{first}\nid;text\n1;a, b\n") == [("1", "a, b")]
    assert cells("id;text\n1;a,b\n", delimiter=",")[0] == ()
    assert cells("id\ttext\n1\ta\n", delimiter="tab") == [("1", "a")]


@pytest.mark.parametrize(
    ("header", "error", "message"),
    [
        ("", DataError, "the file is empty"),
        ("id,text,text", DataError, "header names 'text' twice"),
        ("id, text,text ", DataError, "header names 'text' twice"),
        ('id,"text', DataError, "expected a header line: not valid CSV"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header, error, message):
    with pytest.raises(error, match=message):
        table(header)


def test_a_wrong_separator_is_refused():
    for delimiter in ("::", "", '"', "\n"):
        with pytest.raises(ConfigError, match=r"delimiter .*expected one character"):
            table("a,b", delimiter=delimiter)


def test_a_tsv_with_stray_quotes_loses_and_merges_nothing():
    merge = 'id\ttext\n1\t"Oslo is cold\n2\tBergen is wet\n3\tAnn Lee calls Rome home"\n4\tParis\n'
    assert cells(merge, "a.tsv") == [
        ("1", '"Oslo is cold'),
        ("2", "Bergen is wet"),
        ("3", 'Ann Lee calls Rome home"'),
        ("4", "Paris"),
    ]
    swallow = 'id\ttext\n1\tOslo is cold\n2\t"Bergen he said\n3\tRain in Paris\n'
    assert cells(swallow, "a.tsv")[1:] == [("2", '"Bergen he said'), ("3", "Rain in Paris")]


def test_a_text_of_lines_in_the_first_column_of_a_tsv_is_one_record():
    text = 'text\tid\n"two ""x""\n\nlines"\t1\nplain\t2\n'
    assert cells(text, "a.tsv") == [('two "x"\n\nlines', "1"), ("plain", "2")]
    tabs = 'text\tid\n"Dear\tall\nhello"\t1\nplain\t2\n'
    assert cells(tabs, "a.tsv", quoting="csv") == [("Dear\tall\nhello", "1"), ("plain", "2")]
    stray = 'text\tid\n"Bergen he said\nRain "in" Paris\t2\n'
    assert cells(stray, "a.tsv")[1:] == [('Rain "in" Paris', "2")]


def test_a_tsv_with_real_quotes_is_read_as_one():
    text = 'id\ttext\n1\t"he ""said"" it"\n2\t"two\nlines"\n3\tplain\n'
    assert cells(text, "a.tsv") == [("1", 'he "said" it'), ("2", "two\nlines"), ("3", "plain")]
    assert cells(text, "a.tsv", quoting="none")[0] == ("1", '"he ""said"" it"')


def test_a_stray_quote_among_real_ones_costs_its_line_alone():
    text = 'id\ttext\n1\t"real"\n2\t"two\nlines"\n3\t"stray\n4\tOslo\n5\tend"\n'
    records = table(text, "a.tsv", quoting="csv")[1]
    assert [record.cells for record in records] == [
        ("1", "real"),
        ("2", "two\nlines"),
        (),
        ("4", "Oslo"),
        ("5", 'end"'),
    ]


def test_an_open_quote_in_a_csv_costs_its_line_alone():
    rows = [f"{number},post {number}" for number in range(20_000)]
    rows[10] = '10,"unclosed Paris'
    records = table("\n".join(["id,text", *rows]))[1]
    assert len(records) == 20_000
    assert [record.first for record in records if record.error] == ['10,"unclosed Paris']
    assert "unexpected end of data" in records[10].error
    assert "--quoting none" in records[10].error
    again = "id,text\n" + '1,"open\n' + "x" * (MAX_RECORD + 9) + "\n2,y\n"
    assert cells(again)[-1] == ("2", "y")


def test_many_open_quotes_take_no_longer_than_few():
    rows = "".join(f'{number},"post {number}\n' for number in range(30_000))
    records = table("id,text\n" + rows)[1]
    assert len(records) == 30_000
    assert all(record.error for record in records)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2,too,few", "expected 2 columns, as the header has, got 3"),
        ('"odd"quote,3', "not valid CSV"),
        ('1,"' + "x" * 131_073 + '"', "longer than 131072|larger than field limit"),
        ("1," + "x" * 131_073, "longer than 131072"),
    ],
)
def test_a_wrong_record_is_one_error(row, message):
    *_, wrong, after = table(f"id,text\n{row}\n3,c\n")[1]
    assert after.cells == ("3", "c")
    with pytest.raises(AssertionError, match=message):
        assert not wrong.error, wrong.error


def test_unknown_columns_are_refused_with_what_there_is():
    path = Path("a.csv")
    with pytest.raises(ConfigError, match=r"no column 'texts'; the header has 'id', 'Text'; did"):
        unknown_columns({"--text-column": ["texts"]}, ["id", "Text"], path=path)
    with pytest.raises(ConfigError, match="name the column with --image-column"):
        unknown_columns({"--image-column": ["pic"]}, ["id", "text"], path=path)
    with pytest.raises(ConfigError, match="looks separated by ';': add --delimiter ';'"):
        unknown_columns({"--text-column": ["text"]}, ["id;text"], path=path)


CELL = st.text(st.sampled_from('ab,;"\n 😀'), max_size=6)


@given(
    rows=st.lists(st.tuples(st.sampled_from("xyz"), CELL), max_size=8),
    mark=st.sampled_from([",", ";", "|", "\t"]),
)
def test_what_a_library_writes_is_read_back(rows, mark):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=mark, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "text"), *rows])
    assert cells(buffer.getvalue()) == rows
