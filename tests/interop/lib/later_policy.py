#!/usr/bin/env python3
"""A policy server for Postfix (SMTPD_POLICY_README): each recipient is put off once, then taken.

    later_policy.py ADDRESS PORT
"""
import socketserver
import sys

seen = set()


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        request = {}
        for line in self.rfile:
            line = line.decode("utf-8", "replace").strip()
            if line:
                name, _, value = line.partition("=")
                request[name] = value
                continue
            recipient = request.get("recipient", "")
            action = "DUNNO" if recipient in seen else "450 4.2.0 Come again later"
            seen.add(recipient)
            self.wfile.write(f"action={action}\n\n".encode())
            request = {}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


Server((sys.argv[1], int(sys.argv[2])), Policy).serve_forever()
