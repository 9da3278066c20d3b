"""English phrases of customers that sound like a refusal and are none."""

from __future__ import annotations

from frontdesk.features.consent.wording.patterns import Rule

# Read first, and taken out of the message: what is left decides.
HARMLESS = (
    Rule(
        "our own words",
        (
            "reply/text/txt/send/respond stop to opt/end/unsubscribe/cancel/quit/optout/stop out?",
            "reply/text/txt/send/respond stop to/2",
        ),
    ),
    Rule(
        "negated",
        (
            "dont/not/never/cant/cannot/wont/couldnt/doesnt/didnt/wouldnt/havent please? stop/quit",
            "dont/not/never/didnt please? unsubscribe/optout/remove/delete/cancel",
            "dont/didnt/never want? to? unsubscribe/optout",
            "im/am/are/is/was/were/why i/you/we? not/arent getting/receiving/get",
            "want/like/love to keep getting/receiving",
            "no text/texts/message/messages received/yet/came/from",
            "didnt/havent/never/cant/cannot/couldnt/wasnt/isnt get/got/receive/received/receiving",
            "didnt/havent/never/cant/cannot/couldnt/wasnt/isnt contacted/see/read/open/find",
            "i didnt/dont text/message much/often/well/back/and/while",
            "no permission needed/required",
            "dont please? take/drop me/us/my off/from? the/your? list?",
            "non stop",
        ),
    ),
    Rule(
        "question or story",
        (
            "why/when/time/if/should did/do/does/have/would? i/you/u/we/they/he/she/it .. stop/quit",
            "did/does/has/had you/u/he/she/they/that/it/we ever? stop/quit",
            "do you guys? stop",
            "need/have/supposed to stop taking/using/eating/drinking/smoking/driving",
            "stop taking/using/eating/drinking/smoking/offering/working",
            "stop coming/serving/running/leaking/dripping/barking",
            "takes/took .. to stop",
            "am/was i unsubscribe",
        ),
    ),
    Rule(
        "a place, a thing or a visit",
        (
            "stop by/in/over/at/here/there/off/out/near/outside/around/on/into/through/up/along",
            "stop for the/a/an/some/lunch/gas/coffee/parts/food/me",
            "stop and get/grab/pick/see/look/check/talk",
            "bus/pit/short/full/door/last/next/first/truck/gas/rest/one/train/subway/traffic/a/gas stop",
            "stop sign/signs/valve/valves/light/lights/payment/watch/clock/gap/cock",
            "stop work/order/tomorrow/later",
            "stop the? work/project/job/mowing/painting/digging",
            "the stop/end at/on/of/is/in/near",
            "what/which stop",
            "stop the/a/this/my clock/leak/leaking/water/drip/dripping/smell/noise/mold/flow/bleeding/spread/flooding",
            "the/at/by/front/rear/back/dead/week/month/year/low/high/deep/west/east/north/south/other/far/book end",
            "end of/table/tables/unit/date/up/result/user/cap/caps",
            "quit smoking/drinking/vaping/working/on/my/cooling/heating/running/after",
        ),
    ),
    Rule(
        "another way or another time",
        (
            "stop/dont/not/quit call/calling me/us? and/just/please/only/can/but? you/just/please? text/message/email",
            "dont/not/never <reach> <me>? number/phone/house/cell? back? .. <until>",
            "text/message/email me .. dont call",
            "dont text/message/email/send me the/a/an/my code/link/photo/photos/invoice/quote/address/details",
            "dont/not <reach> <me>? number/phone? at/on/by/for work/night/<digits>/noon/lunch/weekends",
            "dont/not <reach> right? now",
            "^ you/they/he/she/nobody/yall never/dont/didnt <reach>",
        ),
    ),
    Rule(
        "the appointment or the job",
        (
            "from/off the/your/my? .. waitlist/schedule/appointment/calendar/roster/tuesday/saturday",
            "keep/put/add me/us? on the/your list",
            "stop it ringing/leaking/dripping/from/running/beeping",
            "waiting/wait/guest/price/parts/punch/to shopping/do? list",
            "off/on the <digits>",
            "wrong number on/of/for",
            "service call",
            "phone line/jack/wire/cord/outlet",
            "contact my/the tenant/office/husband/wife/landlord/manager/tenants/insurance",
            "dont send me? the/an/a/my/that/your/his/her bill/invoice/tech/guy/crew/estimate/anyone/quote/coupon/check",
            "take me off .. appointment/schedule/calendar/booking/job/route",
            "remove/delete .. appointment/schedule/calendar/waitlist/booking/roster",
        ),
    ),
)
