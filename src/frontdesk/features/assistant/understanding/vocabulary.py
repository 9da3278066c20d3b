"""The words of replies: days, times, slang, and phrases that show what somebody wants, in English and Spanish."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """List the words of a text once."""
    return frozenset(text.split())


SIGNS = {
    "\U0001f44d": "thumbsup",
    "\U0001f44c": "thumbsup",
    "\u2705": "thumbsup",
    "\U0001f44e": "thumbsdown",
    "\U0001f64f": "thanks",
}

SLANG = {
    "2moro": "tomorrow", "2morrow": "tomorrow", "2mrw": "tomorrow", "2mro": "tomorrow", "2nite": "tonight",
    "2night": "tonight", "2day": "today", "b4": "before", "l8r": "later", "l8": "late", "gr8": "great",
    "w/e": "weekend", "w/end": "weekend", "a.m": "am", "p.m": "pm", "a.m.": "am", "p.m.": "pm", "k": "ok",
}  # fmt: skip

ALIASES = {
    "tmrw": "tomorrow", "tmw": "tomorrow", "tmr": "tomorrow", "tmo": "tomorrow", "tomm": "tomorrow",
    "tom": "tomorrow", "tomoz": "tomorrow", "tomo": "tomorrow", "morrow": "tomorrow", "tonite": "tonight",
    "tdy": "today", "tday": "today", "arvo": "afternoon", "arvos": "afternoon", "aft": "afternoon",
    "afternoons": "afternoon", "noonish": "noon", "mornin": "morning", "morn": "morning", "mornings": "morning",
    "evenings": "evening", "eve": "evening", "nite": "night", "nights": "night", "nxt": "next", "wk": "week",
    "wks": "weeks", "weekends": "weekend", "appt": "appointment", "appts": "appointment", "apt": "appointment",
    "appoint": "appointment", "appointments": "appointment", "sched": "schedule", "resched": "reschedule",
    "avail": "available", "pls": "please", "plz": "please", "thx": "thanks", "ty": "thanks", "thanx": "thanks",
    "tks": "thanks", "thnx": "thanks", "yea": "yeah", "yass": "yes", "yess": "yes", "yeh": "yeah", "okey": "ok",
    "okay": "ok", "okie": "ok", "oki": "ok", "u": "you", "ur": "your", "ppl": "people", "hrs": "hours",
    "hr": "hour", "mins": "minutes", "min": "minutes", "wanna": "want to", "gonna": "going to", "till": "until",
    "til": "until", "btw": "between", "btwn": "between", "abt": "around", "approx": "around", "aprox": "around",
    "ill": "i will", "mon": "monday", "mondays": "monday", "tue": "tuesday", "tues": "tuesday",
    "tuesdays": "tuesday", "wed": "wednesday", "weds": "wednesday", "wensday": "wednesday",
    "wednsday": "wednesday", "wendsday": "wednesday", "wednesdays": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "thursdays": "thursday", "thirsday": "thursday", "fri": "friday",
    "fridays": "friday", "firday": "friday", "sat": "saturday", "saturdays": "saturday", "sundays": "sunday",
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sept": "september", "sep": "september", "oct": "october", "nov": "november",
    "dec": "december", "manna": "manana", "manyana": "manana", "mnana": "manana", "q": "que", "xq": "porque",
    "x": "por", "pa": "para", "xfa": "por favor", "porfa": "por favor", "porfis": "por favor", "tardes": "tarde",
    "mananas": "manana", "noches": "noche", "miercoles": "miercoles", "miecoles": "miercoles",
    "miercles": "miercoles", "sabados": "sabado", "juebes": "jueves", "biernes": "viernes", "lunez": "lunes",
    "sip": "si", "sii": "si", "siii": "si", "grasias": "gracias", "llamenme": "llamame", "midday": "noon",
    "kancelar": "cancelar", "canselar": "cancelar", "sita": "cita", "resheduel": "reschedule",
    "tomorow": "tomorrow", "tommorow": "tomorrow", "tommorrow": "tomorrow",
}  # fmt: skip

WEEKDAYS = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6, "lunes": 0,
    "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "domingo": 6,
}  # fmt: skip

MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12, "enero": 1, "febrero": 2, "marzo": 3,
    "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "setiembre": 9, "octubre": 10,
    "noviembre": 11, "diciembre": 12,
}  # fmt: skip

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "una": 1, "un": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12,
}  # fmt: skip

ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1,
    "primero": 0, "primera": 0, "primer": 0, "segundo": 1, "segunda": 1, "tercero": 2, "tercera": 2, "tercer": 2,
    "ultimo": -1, "ultima": -1, "latest": -1, "earliest": 0,
}  # fmt: skip

# Minutes from midnight between which an appointment may start.
PARTS = {
    "morning": (0, 720), "afternoon": (720, 1080), "evening": (1020, 1440), "night": (1020, 1440),
    "noon": (690, 810), "tonight": (1020, 1440), "lunchtime": (690, 810), "lunch": (690, 810), "manana": (0, 720),
    "tarde": (720, 1200), "noche": (1080, 1440), "mediodia": (690, 810),
}  # fmt: skip

SPANISH_ONLY = words(
    "hola gracias cita manana por favor quiero necesito puedo puede pueden tiene tienen hay para el la los las de del"
    " lunes martes miercoles jueves viernes sabado domingo hoy tarde noche si vale claro bueno buenos buenas dias"
    " hora horas cambiar cancelar mover otra otro ninguna ninguno semana que viene proxima proximo despues antes"
    " entre cuanto cuesta donde estan precio persona hablar llamame llamar alguien prefiero mejor primera primero"
    " segunda segundo tercera tercero ultima ultimo gustaria disponible turno reservar agendar listo perfecto"
    " confirmo esta este me mi no una dia mes en con y a usted ustedes tengo cualquier cuando muchas dentro quisiera"
    " opcion sirve quedo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    " como es"
)
ENGLISH_ONLY = words(
    "hi hello hey thanks thank you please i the my is are do does can could would want need to for at on in of and or"
    " monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight morning afternoon evening next"
    " week this that work works good great yes yeah yep sure ok no not nope book appointment schedule cancel"
    " reschedule move change after before between around first second third last one time times how much what where"
    " when who call me someone person free available anything later earlier have it be will with any come sounds"
    " perfect cheers"
)
# Words of both languages say nothing about which it is.
_BOTH = {"me", "no", "a", "ok", "in", "once"}
SPANISH = SPANISH_ONLY - ENGLISH_ONLY - _BOTH
ENGLISH = ENGLISH_ONLY - SPANISH_ONLY - _BOTH

CORRECTED_TO = words(
    "tomorrow tonight today monday tuesday wednesday thursday friday saturday sunday january february september"
    " october november december august morning afternoon evening appointment schedule reschedule cancel available"
    " availability weekend between person someone question please thanks different another earlier perfect confirm"
    " confirmed emergency opening openings manana miercoles viernes sabado domingo proximo proxima semana persona"
    " cancelar reprogramar disponible gracias perfecto confirmo cualquier mediodia noviembre diciembre septiembre"
    " octubre primera segunda tercera jueves martes reservar agendar postpone booking before receptionist"
    " representative fortnight weekday weekdays instead anytime whenever around soonest after opcion"
)
KNOWN = CORRECTED_TO | SPANISH_ONLY | ENGLISH_ONLY | frozenset(WEEKDAYS) | frozenset(MONTHS)
LEFT_ALONE = words(
    "partes antes cartas manana ma\u00f1ana mourning mornings canceled cancelled cancelling persons mending booked"
    " books"
    " schedules scheduled rescheduled questions opened person's tomorrows friends sundae cancels warning parted"
    " confirming confirms booking's plants primero segundo tercero disponibles confirma confirmar proximos reserva"
    " reservas semanas personas quarter quarters aground agenda agendas cancela cancelo cancele reprograma earnings"
    " weekly needed marked marker martin persona morning moving evenings seminar later fester"
)

# Phrases of folded words.
PERSON = (
    "real person", "a person", "a human", "human", "real human", "talk to someone", "talk to somebody", "speak to",
    "speak with", "talk to", "talk with", "representative", "receptionist", "operator", "live agent", "an agent",
    "call me", "give me a call", "call back", "callback", "ring me", "phone me", "call us", "have someone call",
    "someone call", "somebody call", "are you a bot", "is this a bot", "are you a robot", "is this a robot",
    "is this automated", "this a machine", "are you real", "una persona", "alguien real", "hablar con", "llamame",
    "me llamen", "me pueden llamar", "me puede llamar", "pueden llamarme", "puede llamarme",
    "quiero que me llamen", "llamarme", "un humano", "es un robot", "eres un robot", "eres un bot", "operadora",
    "recepcionista", "puedes llamarme", "me llamas", "me llama por favor", "devuelvan la llamada",
    "devolver la llamada", "get someone on the phone", "return my call", "stop texting and call", "give us a call",
    "buzz me", "manager", "the owner", "agente", "gerente", "someone ring me", "hablo con alguien", "me marcan",
    "me marque",
)  # fmt: skip
URGENT = (
    "emergency", "urgent", "urgently", "flooding", "flooded", "flood", "gas leak", "smell gas", "burst", "on fire",
    "sparks", "sparking", "water everywhere", "no heat", "emergencia", "urgente", "inundacion", "inundando",
    "inundado", "fuga de gas", "huele a gas", "se esta inundando", "bleeding", "can not breathe", "cant breathe",
)  # fmt: skip
CHANGE = (
    "new time", "reschedule", "rescheduled", "rescheduling", "rebook", "postpone", "push back", "push it",
    "push my", "push it back", "move my", "move it", "move the", "move our", "change my appointment",
    "change the appointment", "change my time", "change the time", "change it", "change the date",
    "change my booking", "change appointment", "change to", "switch my", "switch to", "switch it", "change our",
    "move to", "swap my", "swap to", "bump my", "bump it", "cambiar", "cambiarla", "cambiarlo", "reprogramar",
    "reprogramarla", "mover mi", "mover la", "moverla", "posponer", "aplazar", "reagendar", "mover mi cita",
    "another time instead", "a different time instead", "pasar mi cita", "pasarla", "pasar la cita", "adelantar",
    "atrasar", "correr mi cita", "move me", "put off", "bring forward", "bring it forward", "moved to",
    "changed to", "make it later", "make it earlier", "shift my", "shift it", "delay my", "swap it",
    "change my slot", "swap the", "shift the", "cambio de hora", "cambio mi cita",
)  # fmt: skip
CANCEL_VERBS = words("cancel cancelling canceling cancelar cancelo cancele cancelen cancela anular anulo anulen")
CANCEL = (
    "no appointment", "sin cita", "call off", "call it off", "called off", "wont be coming", "will not be coming",
    "not coming anymore", "not coming any more", "dont need the appointment", "dont need my appointment",
    "dont need it anymore", "dont need it any more", "no longer need", "no longer need it",
    "take me off the schedule", "delete my appointment", "drop my appointment", "remove my appointment",
    "ya no voy", "ya no necesito", "ya no quiero la cita", "no voy a ir", "not going to come",
    "not going to make it at all", "wont be needing", "scrap the appointment", "scrap my appointment",
    "no podre ir mas", "ya no podre ir", "dont need you to come", "scratch my appointment", "no longer coming",
    "cancelarla", "cancelarlo", "eliminar mi cita", "borrar mi cita", "quitar mi cita",
)  # fmt: skip
CANNOT_COME = (
    "cant make it", "can not make it", "cannot make it", "wont make it", "wont be able to make it",
    "unable to make it", "cant come", "cannot come", "something came up", "not able to make it",
    "not going to make it", "cant attend", "no puedo ir", "no podre ir", "no puedo llegar", "no puedo asistir",
    "no voy a poder", "me surgio algo", "no llego", "no podre llegar", "cant be there", "couldnt make it",
    "wont be there",
)  # fmt: skip
CANCEL_OBJECTS = words(
    "appointment booking reservation slot visit it that this session my our the cita reserva turno visita mi la lo"
    " everything both for meeting"
)
POLICY = words("policy fee fees charge charged penalty refund deposit cuota penalizacion reembolso politica")
QUESTIONS = (
    "still on",
    "how much", "price", "prices", "pricing", "cost", "costs", "quote", "rates", "charge", "charges", "expensive",
    "fee", "fees", "where are you", "where is", "whats your address", "what is your address", "your address",
    "location", "located", "directions", "parking", "park", "insurance", "warranty", "how long", "do you take",
    "do you accept", "accept", "payment", "credit card", "cash", "venmo", "what are your hours", "your hours",
    "what time do you open", "what time do you close", "when do you open", "when do you close", "are you open",
    "open on", "you open", "you close", "do you do", "do you offer", "do you fix", "do you service",
    "do you work on", "do you cover", "do you guys do", "do you sell", "do you repair", "do you install",
    "who is this", "whos this", "who are you", "who dis", "why", "licensed", "insured", "refund", "invoice",
    "receipt", "cuanto cuesta", "cuanto", "cuanto sale", "cuanto cobran", "cuanto vale", "precio", "precios",
    "donde estan", "donde queda", "direccion", "ubicacion", "ubicados", "estacionamiento", "aceptan", "seguro",
    "garantia", "a que hora abren", "a que hora cierran", "abren", "cierran", "horario", "horarios", "quien es",
    "quien habla", "tarjeta", "factura", "recibo", "hacen", "reparan", "arreglan", "what do i need",
    "what should i", "should i bring", "do i need to", "need to bring", "que necesito", "tengo que llevar",
    "running late", "be late", "minutes late", "on my way", "stuck in traffic", "voy tarde", "llego tarde",
    "en camino", "voy en camino", "estoy en camino", "is it normal", "which one of you", "walk ins", "walk in",
    "same price", "discount", "descuento", "coupon", "policy", "hiring", "job opening", "still there",
    "what happened", "did you get", "kids too", "come with", "included", "estimate cost", "efectivo",
    "que incluye", "que servicios", "what services", "atienden", "technician here", "on the way", "is the tech",
    "are you guys open", "cuanto tiempo", "cuanto dura", "cuanto tarda", "llegando tarde", "qualified", "vegan",
    "gift card", "wheelchair", "bring my", "what time is my", "when is my", "cuando es mi", "a que hora es mi",
    "what day is my", "what time was my", "when was my", "where do", "where can", "how do i", "how does",
    "how far", "email",
)  # fmt: skip
AVAILABLE = (
    "available", "availability", "openings", "opening", "any slots", "slots", "slot", "anything", "free",
    "fit me in", "squeeze me in", "get in", "come in", "come by", "come out", "stop by", "swing by", "drop by",
    "see me", "disponible", "disponibles", "disponibilidad", "hay algo", "hay cita", "hay citas", "hay lugar",
    "hay espacio", "tienen algo", "tiene algo", "tienen cita", "tienen citas", "tienen espacio", "tienen lugar",
    "tienes algo", "hay cupo", "cupo", "atenderme", "hueco", "got any", "any chance", "any time", "what times",
    "what times do you", "next opening", "spot", "spots", "puedo ir", "puedo pasar", "pueden venir", "puede venir",
    "venir", "open slots", "what do you have", "que tienen", "que hay", "get me in", "have time", "tienen hora",
    "hay turno", "hay turnos", "tienen turno",
)  # fmt: skip
BOOK = (
    "appointment", "book", "booking", "booked in", "schedule", "reserve", "reservation", "set up a time",
    "set up a visit", "make a time", "cita", "citas", "reservar", "reserva", "agendar", "turno", "programar",
    "sacar cita", "apartar", "consultation", "consulta", "estimate", "come take a look", "take a look",
    "come look", "come and look", "send someone", "send somebody", "someone come", "somebody come", "someone out",
    "somebody out", "visit", "visita", "checkup", "check up", "haircut", "cleaning", "tune up", "inspection",
    "need service", "get it fixed", "need fixing", "que vengan", "venga alguien", "manden a alguien",
    "mandar a alguien", "corte de pelo", "limpieza", "revision", "set something up", "get on the calendar",
    "on your calendar", "on the books", "pencil me in", "put me down", "presupuesto", "lets do it",
    "que alguien venga", "alguien que venga", "arreglar mi", "fix my", "look at my", "needs fixing",
    "need a repair", "repair my", "replace my", "need someone to", "install a", "service my", "trim",
)  # fmt: skip
YES = (
    "yes", "yeah", "yep", "yup", "yess", "sure", "ok", "absolutely", "definitely", "of course", "sounds good",
    "sounds great", "that works", "works for me", "that works for me", "works", "perfect", "go ahead", "book it",
    "confirm", "confirmed", "thumbsup", "please do", "lets do it", "lets do that", "do it", "that one", "great",
    "cool", "good", "fine", "thats fine", "that is fine", "alright", "all good", "si", "claro", "vale", "dale",
    "de acuerdo", "esta bien", "perfecto", "confirmo", "confirmado", "por supuesto", "listo", "me parece bien",
    "bueno", "sale", "simon", "correcto", "correct", "right", "exactly", "yes please", "affirmative", "aye",
    "you bet", "for sure", "ok great", "i will take it", "take it", "lock it in", "me sirve", "me va bien",
    "me queda bien", "y", "ese mismo", "esa misma", "okis", "deal", "bet", "i confirm", "see you then",
    "alla nos vemos", "ahi estare", "i will be there", "works great", "ya", "excelente", "genial", "orale",
)  # fmt: skip
NO = (
    "no", "nope", "nah", "no thanks", "no thank you", "none", "none of those", "none of them", "none of these",
    "neither", "not interested", "never mind", "nevermind", "thumbsdown", "not those", "dont work", "doesnt work",
    "wont work", "do not work", "does not work", "cant do those", "cant do that", "cant do any", "ninguna",
    "ninguno", "ninguna me sirve", "no gracias", "ninguno de esos", "no me sirve", "no me sirven", "no puedo",
    "mejor no", "something else", "other times", "any other times", "anything else", "other options",
    "another time", "different time", "different times", "other days", "another day", "otra hora", "otro dia",
    "otras opciones", "otro horario", "otros horarios", "otras horas", "got anything else", "n", "not good",
    "no good", "na", "negative", "no me queda bien", "no me va", "forget it", "dejalo", "olvidalo", "otra opcion",
    "not for me", "cant make those", "cant make any", "not any of those", "dont suit", "doesnt suit", "none work",
    "ya no", "keep it", "leave it",
)  # fmt: skip
THANKS = words(
    "thanks thank you so much very many a lot cheers ta appreciate it gracias muchas mil tks great awesome bye"
    " goodbye see later welcome hi hello hey hola buenos buenas dias tarde noche good morning afternoon evening day"
    " have nice one no problem worries thankyou ok k cool there too again adios nos vemos saludos bendiciones un buen"
    " dia igualmente perfect perfecto lovely amazing super got all set will do the help for your de nada cuidate take"
    " care and y i same to well noted np yw that is fine sir madam maam guys team senor senora feliz"
)
THANKING = (
    "thanks", "thank you", "gracias", "cheers", "appreciate it", "thankyou", "no problem", "no worries", "np",
    "got it", "all set", "bye", "goodbye", "adios", "saludos", "nos vemos", "ta", "noted", "take care", "de nada",
    "igualmente", "have a nice day", "have a good day", "see you later", "will do",
)  # fmt: skip
HEDGES = words(
    "maybe might possibly perhaps if unless probably think depends depende quizas quiza capaz creo unsure almost let"
    " check checking ask wife husband boss either both any whichever cualquiera or o instead not dont cant isnt wasnt"
    " except but pero never tentatively duda mejor rather prefer guess talvez wait hold actually until before was"
    " were cancel than earlier"
) - {"mejor"}
NEGATIONS = words(
    "not cant dont doesnt wont no except never isnt cannot nope nor neither sin excepto salvo menos ni without nunca"
    " tampoco busy working unavailable ocupado ocupada trabajo hate"
)
