"""The same phrases in the other languages that callers write."""

from __future__ import annotations

from frontdesk.features.consent.wording.patterns import Rule

CLASSES: dict[str, tuple[str, ...]] = {
    "es_write": (
        *(
            "manden",
            "mande",
            "mandes",
            "envien",
            "envie",
            "envies",
            "escriban",
            "escriba",
            "escribas",
            "llamen",
            "llame",
        ),
        *(
            "llames",
            "contacten",
            "contacte",
            "contactes",
            "molesten",
            "moleste",
            "molestes",
            "texteen",
            "textee",
            "texties",
        ),
    ),
    "es_texts": ("mensajes", "mensaje", "textos", "texto", "sms", "llamadas", "publicidad", "promociones", "correos"),
    "es_cease": ("deje", "dejen", "deja", "dejar", "pare", "paren", "para", "parar", "basta", "detenga", "detengan"),
    "es_writing": ("mandar*", "enviar*", "escribir*", "llamar*", "molestar*", "textear*", "contactar*", "chingar*"),
    "fr_write": (
        "contact*",
        "ecri*",
        "appel*",
        "envoy*",
        "texte*",
        "mecri*",
        "mappel*",
        "menvoy*",
        "derang*",
        "harcel*",
    ),
    "fr_texts": ("textos", "messages", "sms", "message", "texto", "appels", "publicite"),
}

HARMLESS = (
    Rule(
        "a job or another time, in other languages",
        (
            "no me? <es_write> .. hasta/antes/despues/ahora/hoy/manana",
            "ne <fr_write> pas avant/apres/maintenant",
            "larret/arret de/du/dautobus bus/metro/tram?",
            "larret",
        ),
    ),
)

STOP = (
    Rule(
        "spanish",
        (
            "no me/nos/le/les/lo? <es_write>",
            "no me? vuelva/vuelvan/vuelvas a <es_writing>",
            "no .. me? <es_write> mas/nunca/nada",
            "ya no .. <es_write>",
            "no <es_write> $",
            "no quiero/deseo/quisiera que me/nos <es_write>",
            "lista de? no llamar/molestar/contactar",
            "ya? no quiero/quisiera/deseo/necesito .. <es_texts>",
            "no mas <es_texts>",
            "<es_cease> de <es_writing>",
            "<es_cease> de me/nos? mandarme/enviarme/escribirme",
            "<es_cease> .. los/las/con/tantos/de <es_texts>",
            "dejame/dejeme/dejenme/dejanos/dejenos en paz",
            "borr*/saca*/saque*/elimin*/quitar*/quite/quiten/quiteme/quitenme/quitame .. numero/lista/telefono",
            "darme/dar/darnos/dame/deme/denme .. de? baja",
            "cancelar/cancele/cancelen/detener/detenga/detengan .. <es_texts>/suscripcion/subscripcion",
            "borrame/borreme/borrenme/eliminame/elimineme/eliminenme/quitame/quiteme/quitenme/sacame/saqueme/saquenme",
            "borr*/elimin*/suprim* .. datos/numero/contacto",
            "revoco/retiro/cancelo/revocar/retirar .. consentimiento/permiso/autorizacion",
            "deje/dejen/deja/dejar/dejo de recibir",
            "dar*/dars* de baja",
            "no quiero/deseo/quisiera recibir",
            "no contactar/llamar/escribir/molestar/enviar $",
            "no quiero/deseo .. seguimiento",
            "desuscribir*/desuscrib*/dessuscribir",
            "no me/nos? moleste/molesten/molestes/molestar/molestarme",
            "^ <es_cease> ya $",
            "^ ya <es_cease> $",
        ),
    ),
    Rule(
        "french",
        (
            "ne me/nous? <fr_write> plus/pas/jamais",
            "ne/plus <fr_write> plus",
            "necrivez/necris/nappelez/nenvoyez plus/pas",
            "arret*/cess* .. <fr_write>/<fr_texts>",
            "plus/aucun de/dautres? <fr_texts>",
            "ne veux/souhaite/desire plus/pas .. <fr_texts>/recevoir/contact*",
            "desabonn*/desinscri*/desinscrire",
            "retir*/supprim*/enlev*/effac*/raye* .. liste/numero/coordonnees",
            "laissez/laisse/foutez/fichez .. tranquille/paix",
        ),
    ),
    Rule(
        "portuguese",
        (
            "pare/parem/parar/para de me? mand*/envi*/escrev*/lig*",
            "nao me? mand*/envi*/ligu*/escrev*/contat*/perturb*",
            "descadastr*",
            "sair da/desta/dessa lista",
            "tir*/remov* .. lista/numero",
            "nao quero .. mensagens/receber",
        ),
    ),
    Rule(
        "german",
        (
            "abmeld*",
            "kein* .. sms/nachrichten/anrufe/texte/werbung",
            "horen/hor sie? auf",
            "lass*/lasst mich/uns in ruhe",
            "schreib* .. nicht mehr",
            "nicht mehr schreiben/anrufen/kontaktieren",
        ),
    ),
    Rule(
        "italian",
        (
            "basta .. messaggi/sms/chiamate",
            "cancella*/rimuov*/toglie* .. lista/numero",
            "smett*/smettila di? ..",
            "non .. scriv*/contatt*/mandat*/chiamat* .. piu",
            "lasciatemi/lasciami in pace",
        ),
    ),
    Rule(
        "slavic",
        (
            "не пиш*/звон*/беспокойте/шлите/присылайте",
            "отпи*",
            "удалите .. номер",
            "хватит .. писать/звонить/слать",
            "больше не",
            "nie pisz*/dzwon*/wysyla*",
        ),
    ),
    Rule("vietnamese", ("đừng nhắn/gọi/gửi", "hủy đăng ký")),
    Rule("tagalog", ("huwag na? mag*/nyo/ninyo/kayong/akong .. text/message/tawag", "wag na? mag* text", "tama na")),
)

UNSURE = (
    Rule(
        "wrong person or not interested, in other languages",
        (
            "numero equivocado",
            "no me interesa",
            "no quiero nada/mas",
            "ya no quiero",
            "no estoy interesad*",
            "<es_cease>/no .. <es_texts>/contacto",
            "mauvais numero",
            "pas interesse*",
            "falsche nummer",
            "kein interesse",
            "numero errado",
            "nao tenho interesse",
        ),
    ),
)
