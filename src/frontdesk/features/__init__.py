"""What Frontdesk does for a business, one folder per business word."""
