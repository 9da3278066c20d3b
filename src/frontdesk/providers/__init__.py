"""One folder per outside company, each speaking that company's protocol behind our ports."""
