"""Closed-class English words and what breaks a noun phrase in a post."""

_WORDS = """
    a an the this that these those my your his her its our their some any no every each another
    i you he she it we they me him them us mine yours hers ours theirs myself yourself himself
    herself itself ourselves themselves who whom whose which what where when why how
    and or but nor so yet if then else than as because while although though unless until since
    of in on at by for with about against between into through during before after above below to
    from up down out off over under again further onto upon within without across behind beyond
    near around along via per vs amid among toward towards inside outside
    am is are was were be been being have has had having do does did doing done will would shall
    should can could may might must ought ain't isn't aren't wasn't weren't don't doesn't didn't
    won't wouldn't can't cannot couldn't shouldn't hasn't haven't hadn't i'm i've i'll i'd you're
    you've you'll he's she's it's we're we've they're they've that's there's here's what's who's
    let's let gonna wanna gotta s ll ve re d m t
    not never only just also too very really still already always ever even now here there once
    again soon later today tonight tomorrow yesterday maybe perhaps quite almost more most less
    least much many few lot lots all both such same other own well back away ago
    get gets got getting go goes going went gone come comes coming came make makes making made take
    takes taking took taken see sees seeing saw seen look looks looking looked know knows knew known
    think thinks thinking thought say says saying said tell tells telling told ask asks asked want
    wants wanted need needs needed love loves loving loved like likes liked hate hates hated feel
    feels feeling felt give gives giving gave given keep keeps kept find finds found show shows
    showing showed shown put puts use uses using used try trying tried leave leaves left call calls
    called work works working worked play plays playing played run runs running ran ready start
    starts started stop stops stopped wait waiting watch watches watching watched follow follows
    following followed join joins joined meet meets meeting met check checks checked win wins won
    lose loses lost happen happens happened announce announces announced sign signs signed
    become becomes became help helps helped thank thanks please hope hoping enjoy enjoying enjoyed
    read reads buy buys bought sell sells sold hear heard speak speaks spoke talk talks talking
    talked visit visits visiting visited arrive arrives arrived perform performs performed
    performing yes yeah yep nope ok okay lol omg wow haha hahaha lmao oh hey hi hello
    rt via amp gt lt one two three four five six seven eight nine ten first second third last next
    new good great best bad better nice happy big old little amazing awesome beautiful
    """
#: Words that no noun phrase of a post contains: function words, common verbs and adverbs, chat.
BREAKING_WORDS = frozenset(_WORDS.split())
#: Names of the entity types in plain words: what a grounding model is asked for besides phrases.
ENTITY_WORDS = {
    "PER": "person",
    "LOC": "location",
    "ORG": "organization",
    "MISC": "misc",
}
