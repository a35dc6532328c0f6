from gmf.models.modules.token_features import TokenFeatures


def features_of(tokens, place, **dictionaries):
    name = TokenFeatures(**{"gazetteers": {}, "clusters": {}, **dictionaries})
    return set(name(tokens)[place])


def test_spelling():
    found = features_of(["Oslo-2015", "#ootd", "@ann", "https://t.co/x", "U.S", "7,5", "!!"], 0)
    assert {"0:word=Oslo-2015", "0:lower=oslo-2015", "0:shape=Xx-d", "0:capital"} <= found
    assert {"0:hyphen", "0:digit", "prefix=oslo", "suffix=2015", "prefix=o", "suffix=5"} <= found
    assert {"1:hashtag", "2:mention"} <= found
    assert "0:number" not in found
    assert features_of(["@ann", "https://t.co/x"], 1) >= {"0:link", "-1:mention"}
    assert features_of(["7,5"], 0) >= {"0:number", "0:digit"}
    assert features_of(["!!"], 0) >= {"0:punctuation", "0:shape=!"}
    assert features_of(["NYC"], 0) >= {"0:all-capital"}
    assert {f for f in features_of(["A"], 0) if "capital" in f} == {"0:capital", "capitals=10"}


def test_window_of_two_and_its_edges():
    found = features_of(["a", "b", "c", "d", "e", "f"], 1)
    assert {"-1:word=a", "1:word=c", "2:word=d", "-2:outside"} <= found
    assert "3:word=e" not in found
    assert "prefix=a" not in found


def test_capitals_of_the_whole_tweet():
    assert "capitals=5" in features_of(["Ann", "is", "#1"], 1)
    assert "capitals=0" in features_of(["!"], 0)


def test_longest_gazetteer_phrase_marks_all_its_words():
    gazetteers = {"city": ["new york"], "team": ["new york jets", "jets"]}
    tokens = ["New", "York", "Jets", "won"]
    for place in range(3):
        found = features_of(tokens, place, gazetteers=gazetteers)
        assert "0:gazetteer=team" in found
    assert "0:gazetteer=city" in features_of(tokens[:2], 1, gazetteers=gazetteers)
    assert "0:gazetteer=city" not in features_of(tokens, 0, gazetteers=gazetteers)
    assert "-1:gazetteer=team" in features_of(tokens, 3, gazetteers=gazetteers)


def test_cluster_prefixes_with_lower_case_fallback():
    for bits, prefixes in (("00101101", {"0010", "00101101"}), ("0010110", {"0010", "0010110"})):
        found = features_of(["Oslo"], 0, clusters={"oslo": bits})
        assert {f for f in found if "cluster" in f} == {f"0:cluster={p}" for p in prefixes}
    found = features_of(["Oslo"], 0, clusters={"bergen": "0010"})
    assert not {f for f in found if "cluster" in f}
