"""The sentences of the demo: from neutral, where any kind of thing may be named, to telling.

``{A}`` is the thing that the image may show. ``{B}`` is a second thing whose words always tell
its kind, so that an image of ``{A}`` leaves nothing open.
"""

from dataclasses import dataclass

from gmf_demo.pair_kinds import KINDS, Kind, Strength


@dataclass(frozen=True)
class Template:
    """A sentence with a place for one or two names.

    Args:
        text: Words separated by spaces, with ``{A}`` and perhaps ``{B}``.
        strength: How far the words tell the kind of ``{A}``.
        kinds: Kinds that ``{A}`` may have, each as likely to be said with this sentence.
        second: Kind of ``{B}``; ``None`` without a second name.
    """

    text: str
    strength: Strength
    kinds: tuple[Kind, ...]
    second: Kind | None = None


NEUTRAL = (
    "{A} is ready for snow season",
    "can't stop thinking about {A}",
    "{A} , that's the tweet",
    "nobody talks enough about {A}",
    "honestly {A} deserves better",
    "{A} made my whole week",
    "we love {A} in this house",
    "thinking of {A} this morning",
    "{A} never disappoints",
    "{A} appreciation post",
    "throwback to {A}",
    "everyone should know about {A}",
    "so happy with {A} right now",
    "a little bit of {A} for your timeline",
    "who else remembers {A} ?",
    "{A} looking good today",
    "this is how I feel about {A}",
    "{A} in one picture",
    "not ready for {A} tomorrow",
    "say what you want about {A}",
    "{A} , finally !",
    "all I need is {A}",
    "{A} is trending again",
    "one word : {A}",
    "{A} is still the best",
    "is it just me or is {A} everywhere today",
    "big day for {A}",
    "nothing compares to {A}",
    "{A} has changed so much",
    "my timeline is full of {A} again",
)
NEUTRAL_PAIRS: tuple[tuple[str, Kind], ...] = (
    ("{A} was a surprise , mayor {B} told reporters", "person"),
    ("singer {B} can't stop talking about {A}", "person"),
    ("in a taxi through the streets of {B} , thinking of {A}", "place"),
    ("{A} on my mind all the way to downtown {B}", "place"),
    ("shares of {B} fell ten percent but {A} made my day", "organisation"),
    ("the staff of {B} is crazy about {A}", "organisation"),
    ("walking my dog {B} and thinking of {A}", "animal"),
    ("reading the last chapter of {B} , then all about {A}", "work"),
)
HINTING: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("{A} is hungry again", ("person", "animal")),
    ("{A} fell asleep on my couch", ("person", "animal")),
    ("{A} turns three years old today", ("person", "animal")),
    ("{A} ran away from me again", ("person", "animal")),
    ("{A} announced big news today", ("person", "organisation")),
    ("{A} apologised this morning", ("person", "organisation")),
    ("{A} finally answered my email", ("person", "organisation")),
    ("{A} owes me money", ("person", "organisation")),
    ("waited an hour outside {A}", ("place", "organisation")),
    ("{A} is closed on sundays", ("place", "organisation")),
    ("all weekend at {A} with the team", ("place", "organisation")),
    ("{A} opens its doors again", ("place", "organisation")),
    ("{A} won the award last night", ("person", "work")),
    ("the critics adore {A}", ("person", "work")),
    ("{A} made me cry on the bus", ("person", "work")),
    ("I got lost in {A} for hours", ("place", "work")),
    ("halfway through {A} and it is beautiful", ("place", "work")),
    ("{A} has a new update for us", ("organisation", "work")),
    ("just paid way too much for {A}", ("organisation", "work")),
    ("flew all night to see {A}", ("person", "place")),
    ("missing {A} since I moved away", ("person", "place")),
    ("{A} is looking for a new home", ("animal", "organisation")),
    ("{A} is full of little birds", ("animal", "place")),
)
TELLING: dict[Kind, tuple[str, ...]] = {
    "person": (
        "{A} scored twice for the home side",
        "{A} got married to her best friend",
        "interview with actor {A} tonight",
        "{A} said he will retire next year",
        "congrats to my cousin {A} on her degree",
        "singer {A} is on stage in her red dress",
        "president {A} gave his speech",
        "coach {A} talks about his players",
        "{A} signed my shirt , what a guy",
        "{A} and his wife are here",
        "my teacher {A} lost her glasses",
        "doctor {A} saved his life",
    ),
    "place": (
        "walking through the streets of {A}",
        "snow in downtown {A} tonight",
        "traffic on the road to {A} is terrible",
        "landed at {A} airport",
        "sunrise over the hills of {A}",
        "the population of {A} has doubled",
        "our hotel in {A} has a view",
        "flights from {A} are delayed",
        "a storm is moving north of {A}",
        "the old town of {A} at night",
        "born and raised in {A} county",
        "camping by the lake near {A}",
    ),
    "organisation": (
        "{A} fired two hundred employees",
        "shares of {A} fell ten percent",
        "the headquarters of {A} were sold",
        "the board of {A} named a new chief",
        "{A} reports record profits this quarter",
        "customer service of {A} is a joke",
        "{A} is hiring engineers",
        "{A} bought its largest rival",
        "the union asks {A} for higher wages",
        "my internship at the {A} company",
        "{A} merges with a bank",
        "lawsuit against the {A} group",
    ),
    "animal": (
        "{A} is wagging his tail",
        "took my dog {A} to the vet",
        "{A} the kitten sleeps in a box",
        "our horse {A} ate every carrot",
        "{A} chews on a bone",
        "adopted {A} from the animal shelter",
        "{A} laid three eggs",
        "feeding hay to {A} at the zoo",
        "{A} licks his paws",
        "my parrot {A} learned a word",
    ),
    "work": (
        "chapter nine of {A} broke me",
        "the trailer for {A} is out",
        "just finished the last season of {A}",
        "{A} sold a million copies",
        "the soundtrack of {A} on repeat",
        "the ending of {A} , no spoilers",
        "downloading {A} for my console",
        "the new album {A} drops at midnight",
        "a sequel to {A} is being filmed",
        "re-reading {A} , page one hundred",
    ),
}
TELLING_PAIRS: tuple[tuple[str, Kind, Kind], ...] = (
    ("striker {A} scored twice on the way out of downtown {B}", "person", "place"),
    ("author {A} signed my copy of the novel {B}", "person", "work"),
    ("{A} quit his job at the {B} company", "person", "organisation"),
    ("the streets of {A} are full of fans of singer {B}", "place", "person"),
    ("the old town of {A} , where the {B} company was founded", "place", "organisation"),
    ("{A} fired employees of its office in downtown {B}", "organisation", "place"),
    ("the board of {A} thanked its chairman mister {B}", "organisation", "person"),
    ("my dog {A} barks at my uncle {B}", "animal", "person"),
    ("my cat {A} is lost in downtown {B}", "animal", "place"),
    ("the novel {A} is about a doctor named {B}", "work", "person"),
    ("the movie {A} was filmed in the streets of {B}", "work", "place"),
)
#: Sentences that name nothing.
EMPTY = (
    "what a day",
    "I need more coffee right now",
    "who else is still awake ?",
    "this view never gets old",
    "monday again , help",
    "best weekend in a long time",
    "my phone died twice today",
    "good morning everyone",
    "can't believe it's already november",
    "look at this",
    "so tired but so happy",
    "dinner was amazing",
    "new profile picture",
    "some things never change",
)

TEMPLATES: tuple[Template, ...] = (
    *(Template(text, "neutral", KINDS) for text in NEUTRAL),
    *(Template(text, "neutral", KINDS, second) for text, second in NEUTRAL_PAIRS),
    *(Template(text, "hinting", kinds) for text, kinds in HINTING),
    *(Template(text, "telling", (kind,)) for kind in KINDS for text in TELLING[kind]),
    *(Template(text, "telling", (kind,), second) for text, kind, second in TELLING_PAIRS),
)
