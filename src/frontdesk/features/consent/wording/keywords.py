"""The words that are an answer by themselves, and the ways in which people misspell them."""

# ruff: noqa: SIM905  # a row of words reads better than a column of quoted ones

from __future__ import annotations

STOP_WORDS: dict[str, tuple[str, ...]] = {
    # revocation per se by 47 CFR 64.1200(a)(10), then what each carrier adds to it
    "fcc": ("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"),
    "twilio": ("stopall", "optout", "arret", "arrete", "arrett"),
    "telnyx": ("stop all",),
    "aws": ("opt-out", "remove", "td"),
    # words of the same meaning
    "english": (
        "cease",
        "halt",
        "desist",
        "discontinue",
        "delete",
        "dnc",
        "no more",
        "opting out",
        "stop2end",
        "stop2quit",
        "2stop",
    ),
    "run together": ("stoptexting", "stoptextingme", "stopplease", "pleasestop", "stopnow", "donottext", "nomoretexts"),
    "spanish": (
        *("alto", "para", "pare", "paren", "parar", "basta", "baja", "detener", "detenga", "detente", "cancelar"),
        *("salir", "eliminar", "remover", "borrar", "no mas", "ya no", "no molestar", "no molesten"),
    ),
    "french": ("arrêter", "arrêtez", "désabonner", "désinscrire"),
    "portuguese": ("descadastrar", "sair", "chega"),
    "german": ("stopp", "abmelden", "aufhören"),
    "italian": ("annulla", "smettila"),
    "russian": ("стоп", "отписаться"),
    "chinese": ("停止", "退订", "退訂", "取消订阅", "取消訂閱"),
    "japanese": ("配信停止", "停止"),
    "korean": ("수신거부", "중지", "그만"),
    "arabic": ("توقف", "إيقاف"),
    "vietnamese": ("dừng", "ngừng"),
    "tagalog": ("tigil", "itigil"),
    "haitian": ("sispann",),
}

# As one clause of a longer message these still mean STOP; the other words may be about an appointment.
STRONG_WORDS = frozenset({"stop", "stopall", "unsubscribe", "optout", "arret", "arretez", "alto", "dnc"})

START_WORDS = ("start", "unstop")
HELP_WORDS = ("help", "info", "aide", "ayuda")

# Written without spaces, so they are looked for inside longer runs of characters.
INSIDE_WORDS = (
    "停止",
    "退订",
    "退訂",
    "取消订阅",
    "取消訂閱",
    "不要再",
    "别再",
    "別再",
    "수신거부",
    "그만 보내",
    "送らないで",
)

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def _slips(word: str, *, substitutions: bool = False) -> set[str]:
    """List what a slip of the finger makes of a word: a letter lost, doubled, exchanged with the next, or replaced."""
    found = {word[:at] + word[at + 1 :] for at in range(1, len(word))}
    found |= {word[:at] + word[at] + word[at:] for at in range(len(word))}
    found |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    if substitutions:
        found |= {word[:at] + letter + word[at + 1 :] for at in range(len(word)) for letter in _ALPHABET}
    return found


# Long words only: of a short one a slip makes another word. These here are words, or mean something else.
_WORDS = frozenset("message messages messaging massages passages ending mailing caller".split())

# Words around a keyword that do not change what it means.
POLITE_WORDS = frozenset(
    "a already am asap bitte bro danke dear dude favor god gracias guy guys hello hey hi i im immediately just kindly"
    " lol maam man merci miss mr mrs nah naw no nope now oh ok okay"
    " omg plait please por porfa porfavor reply right said say"
    " sir so still stopsign svp text thank thanks today vous well yes yo you".split()
)
# Words that may stand beside a strong keyword only: "stop it" is STOP, "cancel it" may mean the appointment.
POINTING_WORDS = frozenset("all and everything it me that this us with".split())

RESPELLED: dict[str, str] = {
    **{
        slip: word
        for word in "texting messaging messages contacting contact remove sending calling".split()
        for slip in sorted(_slips(word) - _WORDS - {word})
    },
    **dict.fromkeys(sorted(_slips("unsubscribe", substitutions=True)), "unsubscribe"),
    **dict.fromkeys(
        "stahp stpo sotp tsop stopp stpp stip syop dtop stol stoo stp stoip stolp stopo stopm sttop stoop st0p 5top"
        " stopit stope sstop shtop sto stoppit".split(),
        "stop",
    ),
    **dict.fromkeys(
        "unsub unsubbed unsubscibed"
        " unsuscribe unsubcribe unsubscibe unsubsribe unsubscrib unsubscribed unsubscribing unsubscribes"
        " unsubscirbe unsubscrive unsubsrcibe usubscribe unsubscripe unsubscride unsubscriber"
        " unsubribe unsunscribe unsubscription"
        " unsubscrbe unsubsribed unsubcribed unsuscribed unsbscribe unsucribe unsubsctibe ubsubscribe insubscribe"
        " unsubscried unscribe unscubscribe unsubsscribe".split(),
        "unsubscribe",
    ),
    **dict.fromkeys("pls plz plse plez pleez plese pleae pleaze plis".split(), "please"),
    **dict.fromkeys("txting txtn txtin textin textng textng texing texitng textting".split(), "texting"),
    **dict.fromkeys("txt txet tex tezt tect".split(), "text"),
    "sned": "send",
    "tke": "take",
    **dict.fromkeys("txts texs".split(), "texts"),
    **dict.fromkeys("msg mesage messge".split(), "message"),
    **dict.fromkeys("msgs mesages messges mssgs msges".split(), "messages"),
    **dict.fromkeys("msging msgin messagin messeging mesaging".split(), "messaging"),
    **dict.fromkeys("contactin contacing".split(), "contacting"),
    **dict.fromkeys("callin caling".split(), "calling"),
    **dict.fromkeys("sendin sendng".split(), "sending"),
    **dict.fromkeys("thx ty tnx thanx tks".split(), "thanks"),
    **dict.fromkeys("ur yr".split(), "your"),
    **dict.fromkeys("dnt donot".split(), "dont"),
    **dict.fromkeys("num numbr numer".split(), "number"),
    **{
        word[:-1]: word
        for word in "bothering harassing spamming bugging annoying emailing hitting blowing ringing".split()
    },
    "wanna": "want",
    "w": "with",
    "u": "you",
    "em": "them",
    "cancle": "cancel",
    "cancell": "cancel",
    "canel": "cancel",
    "quitt": "quit",
    "qiut": "quit",
    "arrete": "arret",
    "arrett": "arret",
    "endd": "end",
    "rmv": "remove",
    "remov": "remove",
}
