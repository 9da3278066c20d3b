"""What the dialogue says, in the person's language; in letters that a text carries at 160 to a segment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from frontdesk.features import scheduling
from frontdesk.features.assistant import Language
from frontdesk.features.textback.model.dialogue import Ask

MAX_NAME = 32
DIGITS, LETTERS = ("1", "2", "3"), ("A", "B", "C")
HALF_DAY = 12
_DIAS = ("lun", "mar", "mi\u00e9", "jue", "vie", "sab", "dom")
_MESES = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_ASKS: dict[Ask, tuple[str, str]] = {
    Ask.WHICH_OFFER: (
        "Which of the times would you like? Reply with its {label}.",
        "\u00bfCu\u00e1l de los horarios prefiere? Responda con su {label}.",
    ),
    Ask.WHICH_TIME: (
        "No problem. Which day or time would suit you? For example: Friday after 2.",
        "De acuerdo. \u00bfQu\u00e9 dia u hora le conviene? Por ejemplo: viernes despu\u00e9s de las 2.",
    ),
    Ask.WHAT: (
        "Would you like an appointment? Tell us a day or time, like: tomorrow after 3. Or write PERSON to talk to us.",
        "\u00bfDesea una cita? Diga un dia u hora, como: viernes a las 3. O escriba PERSONA para hablar con nosotros.",
    ),
    Ask.CHANGE_OR_CALL_OFF: (
        "Would you like another time for {what}, or no appointment at all? Reply NEW TIME or NO APPOINTMENT.",
        "\u00bfQuiere otra hora para {what}, o ya no quiere la cita? Responda OTRA HORA o SIN CITA.",
    ),
    Ask.CALL_OFF: (
        "Shall we call off {what}? Reply YES to call it off or NO to keep it.",
        "\u00bfDejamos sin efecto {what}? Responda SI para dejarla o NO para mantenerla.",
    ),
}


def labels_for(starts: Sequence[datetime], *, zone: str) -> tuple[str, ...]:
    """Choose labels that cannot be taken for an hour: letters where an offer begins at one, two or three."""
    hours = {(one.astimezone(ZoneInfo(zone)).hour - 1) % HALF_DAY + 1 for one in starts}
    return (LETTERS if hours & {1, 2, 3} else DIGITS)[: len(starts)]


def say_when(moment: datetime, *, zone: str, language: Language) -> str:
    """Say an instant on a zone's clock: "Tue, Nov 24 at 10:00 AM", "mar 24 nov, 10:00 AM"."""
    if language is Language.ENGLISH:
        return scheduling.say_time(moment, zone=zone)
    local = moment.astimezone(ZoneInfo(zone))
    return f"{_DIAS[local.weekday()]} {local.day} {_MESES[local.month - 1]}, {scheduling.say_clock(local)}"


def offers(
    *, business: str, starts: Sequence[datetime], zone: str, language: Language, preface: str, moving: bool
) -> str:
    """List slots with their labels and how to take one."""
    labels = labels_for(starts, zone=zone)
    lines = [
        f"{label}) {say_when(start, zone=zone, language=language)}" for label, start in zip(labels, starts, strict=True)
    ]
    spanish = language is Language.SPANISH
    if len(labels) == 1:
        how = (
            "Responda SI para reservarla, o diga otra hora."
            if spanish
            else "Reply YES to take it, or name another time."
        )
    else:
        listed = f"{', '.join(labels[:-1])} {'o' if spanish else 'or'} {labels[-1]}"
        how = f"Responda {listed}, o diga otra hora." if spanish else f"Reply {listed}, or name another time."
    if not preface:
        can = (
            ("puede cambiarla a" if moving else "tiene libre")
            if spanish
            else ("can move it to" if moving else "can offer")
        )
        preface = f"{_cut(business)} {can}"
    return "\n".join([f"{preface}:", *lines, how])


def not_free(*, language: Language) -> str:
    """Begin an offer that could not keep to the wished time."""
    return (
        "Esa hora no est\u00e1 libre. Lo m\u00e1s cercano"
        if language is Language.SPANISH
        else ("That time is not free. The nearest are")
    )


def just_gone(*, language: Language) -> str:
    """Begin an offer after the chosen slot was lost."""
    return (
        "Lo sentimos, esa hora se acaba de ocupar. Quedan"
        if language is Language.SPANISH
        else ("Sorry, that time has just been taken. Still free")
    )


def whether(*, when: str, language: Language) -> str:
    """Ask whether one slot is meant."""
    if language is Language.SPANISH:
        return f"\u00bfSe refiere a {when}? Responda SI para reservar, o diga otra hora."
    return f"Do you mean {when}? Reply YES to take it, or name another time."


def which_hour(*, first: str, second: str, language: Language) -> str:
    """Ask which of two hours is meant."""
    if language is Language.SPANISH:
        return f"\u00bfQuiere decir {first} o {second}? Responda con la hora, por ejemplo {first}."
    return f"Do you mean {first} or {second}? Reply with the time, like {first}."


def ask(which: Ask, *, what: str, labelled: str, language: Language) -> str:
    """Ask what needs no slot."""
    english, spanish = _ASKS[which]
    return (spanish if language is Language.SPANISH else english).format(what=what, label=labelled)


def which_service(*, names: Sequence[str], language: Language) -> str:
    """Ask for which service."""
    lines = [f"{number}) {_cut(name)}" for number, name in enumerate(names, 1)]
    lead = "\u00bfPara qu\u00e9 servicio?" if language is Language.SPANISH else "For which service?"
    how = "Responda con el n\u00famero." if language is Language.SPANISH else "Reply with the number."
    return "\n".join([lead, *lines, how])


def booked(*, business: str, service: str, when: str, language: Language) -> str:
    """Confirm a booking."""
    if language is Language.SPANISH:
        return f"Listo: {_cut(service)} en {_cut(business)}, {when}. Si necesita otra hora, escriba aqu\u00ed."
    return f"Booked: {_cut(service)} at {_cut(business)}, {when}. If you need another time, just text us here."


def moved(*, business: str, service: str, when: str, language: Language) -> str:
    """Confirm a new time."""
    if language is Language.SPANISH:
        return f"Listo: {_cut(service)} en {_cut(business)} es ahora {when}."
    return f"Done: {_cut(service)} at {_cut(business)} is now on {when}."


def called_off(*, service: str, when: str, language: Language) -> str:
    """Confirm that an appointment is off."""
    if language is Language.SPANISH:
        return f"Su cita de {_cut(service)}, {when}, queda sin efecto. Escriba cuando quiera otra hora."
    return f"Your {_cut(service)} on {when} is called off. Text us whenever you want another time."


def kept(*, when: str, language: Language) -> str:
    """Confirm that an appointment stays."""
    return f"Bien, su cita sigue: {when}." if language is Language.SPANISH else f"All right, it stays on {when}."


def deposit_terms(refund_hours: int | None, *, language: Language) -> str:
    """Say what becomes of a deposit if its appointment is called off."""
    if language is not Language.SPANISH:
        return scheduling.deposit_terms(refund_hours)
    if refund_hours is None:
        return "El anticipo no se devuelve si cambia de planes."
    return f"El anticipo se devuelve si avisa al menos {refund_hours} h antes; despu\u00e9s no."


def deposit_ends(*, given_back: bool, language: Language) -> str:
    """Say what became of the deposit of an appointment that was called off."""
    if language is Language.SPANISH:
        return "Su anticipo va de vuelta." if given_back else "El anticipo no se devuelve."
    return "Your deposit is on its way back to you." if given_back else "The deposit is kept."


def pay(*, when: str, amount: str, url: str, terms: str, language: Language) -> str:
    """Ask for the deposit that books a held slot."""
    if language is Language.SPANISH:
        return f"Guardamos {when} por 30 minutos. Queda reservado al pagar el anticipo de {amount}: {url} {terms}"
    return f"We keep {when} for 30 minutes. It is booked once the deposit of {amount} is paid: {url} {terms}"


def handed_over(*, business: str, urgent: bool, language: Language) -> str:
    """Say that a person will answer."""
    if language is Language.SPANISH:
        said = f"Gracias, alguien de {_cut(business)} le responder\u00e1 pronto."
        return f"{said} Si hay peligro, llame a emergencias." if urgent else said
    said = f"Thanks, somebody at {_cut(business)} will get back to you."
    return f"{said} If anybody is in danger, call your emergency number now." if urgent else said


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 3].rstrip()}..."
