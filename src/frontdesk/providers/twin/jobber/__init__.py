"""Jobber in the twin: people, visits, a GraphQL API that counts points, and signed webhooks."""
