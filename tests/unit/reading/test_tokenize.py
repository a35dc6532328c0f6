import pytest

from gmf.reading.tokenize import tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("RT @Jay_Ken: #MAGA!", ["RT", "@Jay_Ken", ":", "#MAGA", "!"]),
        ("(see http://t.co/Z3n.)", ["(", "see", "http://t.co/Z3n", ".", ")"]),
        (
            "pic.twitter.com/abc www.x.org, a@b.org",
            ["pic.twitter.com/abc", "www.x.org", ",", "a@b.org"],
        ),
        ("Trump's O'Neill don't", ["Trump", "'s", "O'Neill", "don't"]),
        (
            "US-China U.S. 3.5 10:30 1,000%",
            ["US", "-", "China", "U.S.", "3.5", "10:30", "1,000", "%"],
        ),
        ("so :) &amp; <3 $AAPL wow!!!", ["so", ":)", "&amp;", "<3", "$AAPL", "wow", "!!!"]),
        ("hi👨‍👩‍👧👍🏽🇩🇪🇫🇷❤️1️⃣", ["hi", "👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷", "❤️", "1️⃣"]),
        ("東京 วันนี้", ["東", "京", "วั", "น", "นี้"]),
        ("cafe\u0301 a\u00a0b \ufe0f", ["cafe\u0301", "a", "b", "\ufe0f"]),
        ("a\x1cb \x1f http://t.co/a\x1eb", ["a", "b", "http://t.co/a", "b"]),
        ("\x1f", []),
        ("", []),
    ],
)
def test_tokens(text, tokens):
    found, offsets = tokenize(text)
    assert list(found) == tokens
    assert [text[start:end] for start, end in offsets] == tokens


def test_cuts_split_tokens():
    assert tokenize("#RockyWins now", cuts=[1, 6, 7])[0] == ("#", "Rocky", "W", "ins", "now")


def test_long_hostile_input_is_quick():
    for unit in ("a.", "a+", "@", "http://", "-", "a@b.", "'s"):
        text = unit * 1000
        assert "".join(tokenize(text)[0]) == text
