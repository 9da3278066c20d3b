"""Google Calendar in the twin: consent, calendars, events, sync tokens and push channels."""
