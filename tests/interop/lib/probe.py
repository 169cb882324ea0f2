#!/usr/bin/env python3
"""Does a server announce what its mode says?   probe.py ADDRESS PORT MODE

MODE: "none", or some of pipelining,chunking,tls or tls-broken (announced, and its handshake fails). Exit 0: exactly these; 1: nobody answers yet; 2: others.
"""
import smtplib
import sys

address, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3].split(",")
try:
    with smtplib.SMTP(address, port, local_hostname="mail.bomnal.example", timeout=10) as server:
        server.ehlo()
        announced = set(server.esmtp_features)
except (OSError, smtplib.SMTPException):
    sys.exit(1)
wanted = {"starttls" if word.startswith("tls") else word for word in mode} - {"none"}
if wanted != announced & {"pipelining", "chunking", "starttls"}:
    print(f"{address}: mode {','.join(mode)}, announced: {' '.join(sorted(announced))}", file=sys.stderr)
    sys.exit(2)
