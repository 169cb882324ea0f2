#!/usr/bin/env python3
"""Does a server announce what its mode says?   probe.py ADDRESS PORT MODE

MODE: "none", or some of pipelining,chunking,tls. Exit 0: exactly these; 1: nobody answers yet; 2: others.
"""
import smtplib
import sys

WORDS = {"pipelining": "pipelining", "chunking": "chunking", "tls": "starttls"}
address, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(",")
try:
    with smtplib.SMTP(address, port, local_hostname="mail.bomnal.example", timeout=10) as server:
        server.ehlo()
        announced = set(server.esmtp_features)
except (OSError, smtplib.SMTPException):
    sys.exit(1)
for word, keyword in WORDS.items():
    if (word in mode) != (keyword in announced):
        print(f"{address}: mode {','.join(mode)}, announced: {' '.join(sorted(announced))}", file=sys.stderr)
        sys.exit(2)
