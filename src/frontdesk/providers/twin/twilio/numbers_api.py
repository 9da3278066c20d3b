"""Numbers in the API: ours, and those for sale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from frontdesk.providers.twin.phones import is_phone
from frontdesk.providers.twin.twilio import magic
from frontdesk.providers.twin.twilio.errors import TwilioRefusal
from frontdesk.providers.twin.twilio.exchange import ApiCall, Fields, Reply, list_reply, not_found
from frontdesk.providers.twin.twilio.shapes import account_uri, available_number_json, number_json
from frontdesk.providers.twin.twilio.state import Number, TwilioState, new_sid

_COUNTRIES: Final = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "AU": "Australia"}
_FOR_SALE: Final = 30
_KINDS: Final = {"Local": "local", "Mobile": "mobile", "TollFree": "toll_free"}


class NumbersApi:
    """Answers about numbers."""

    def __init__(self, state: TwilioState) -> None:
        self._state = state

    def list_all(self, call: ApiCall) -> Reply:
        """List the account's numbers, filtered by PhoneNumber and FriendlyName."""
        wanted, name = call.query.get("PhoneNumber"), call.query.get("FriendlyName")
        found = [
            number
            for number in self._state.numbers.values()
            if number.account_sid == call.account.sid
            and (not wanted or wanted.strip("*").lstrip("+") in number.phone)
            and (not name or name == number.friendly_name)
        ]
        return list_reply(call, "incoming_phone_numbers", found, sid=lambda n: n.sid, shape=number_json)

    def fetch(self, call: ApiCall) -> Reply:
        """Show a number."""
        return Reply(200, number_json(self._number(call)))

    def create(self, call: ApiCall) -> Reply:
        """Buy a number; test credentials buy the documented ones and keep nothing."""
        phone, area = call.form.get("PhoneNumber"), call.form.get("AreaCode")
        if call.account.is_test:
            phone = magic.check_purchase(phone, area)
        else:
            phone = phone or next((each for each in self._for_sale("US", "Local", area)), "")
            if not is_phone(phone):
                raise TwilioRefusal(21421 if phone else 21452, detail=phone or area)
            if phone in self._state.numbers:
                raise TwilioRefusal(21422, detail=phone)
        number = Number(
            sid=new_sid("PN"), account_sid=call.account.sid, phone=phone, created_at=call.now, updated_at=call.now
        )
        _write(number, call.form)
        if not call.account.is_test:
            self._state.numbers[phone] = number
        return Reply(201, number_json(number), effect=number.sid)

    def update(self, call: ApiCall) -> Reply:
        """Change where a number's calls and texts are announced."""
        number = self._number(call)
        _write(number, call.form)
        number.updated_at = call.now
        return Reply(200, number_json(number))

    def delete(self, call: ApiCall) -> Reply:
        """Give a number back."""
        del self._state.numbers[self._number(call).phone]
        return Reply(204)

    def list_countries(self, call: ApiCall) -> Reply:
        """List countries with numbers for sale."""
        base = f"{account_uri(call.account.sid)}/AvailablePhoneNumbers"
        countries = [
            {
                "country_code": code,
                "country": name,
                "uri": f"{base}/{code}.json",
                "beta": False,
                "subresource_uris": {kind: f"{base}/{code}/{path}.json" for path, kind in _KINDS.items()},
            }
            for code, name in _COUNTRIES.items()
        ]
        return Reply(200, {"countries": countries, "uri": f"{base}.json"})

    def list_for_sale(self, call: ApiCall) -> Reply:
        """List numbers that can be bought, by AreaCode and Contains."""
        country, kind = call.parts["country"], call.parts["kind"]
        if country not in _COUNTRIES or kind not in _KINDS:
            raise not_found(call)
        contains = call.query.get("Contains").strip("*")
        phones = [phone for phone in self._for_sale(country, kind, call.query.get("AreaCode")) if contains in phone]
        return list_reply(
            call,
            "available_phone_numbers",
            phones,
            sid=lambda phone: phone,
            shape=lambda phone: available_number_json(phone, country),
        )

    def _for_sale(self, country: str, kind: str, area: str) -> Iterator[str]:
        if country in ("US", "CA"):
            prefix = "+1" + (area or ("888" if kind == "TollFree" else "650")) + "55502"
        else:
            prefix = {"GB": "+4477009001", "AU": "+6149157011"}[country]
        phones = (f"{prefix}{index:02d}" for index in range(_FOR_SALE))
        return (phone for phone in phones if is_phone(phone) and phone not in self._state.numbers)

    def _number(self, call: ApiCall) -> Number:
        number = self._state.find_number_by_sid(call.account.sid, call.parts["sid"])
        if number is None:
            raise not_found(call)
        return number


def _address(form: Fields, name: str, present: str) -> str:
    address = form.get(name, present)
    if address and not address.startswith(("http://", "https://")):
        raise TwilioRefusal(21402, detail=address)
    return address


def _write(number: Number, form: Fields) -> None:
    """Take over what the form names; everything else stays."""
    number.friendly_name = form.get("FriendlyName", number.friendly_name)
    number.voice_url = _address(form, "VoiceUrl", number.voice_url)
    number.voice_method = form.get("VoiceMethod", number.voice_method)
    number.voice_fallback_url = _address(form, "VoiceFallbackUrl", number.voice_fallback_url)
    number.voice_fallback_method = form.get("VoiceFallbackMethod", number.voice_fallback_method)
    number.sms_url = _address(form, "SmsUrl", number.sms_url)
    number.sms_method = form.get("SmsMethod", number.sms_method)
    number.sms_fallback_url = _address(form, "SmsFallbackUrl", number.sms_fallback_url)
    number.sms_fallback_method = form.get("SmsFallbackMethod", number.sms_fallback_method)
    number.status_callback = _address(form, "StatusCallback", number.status_callback)
    number.status_callback_method = form.get("StatusCallbackMethod", number.status_callback_method)
