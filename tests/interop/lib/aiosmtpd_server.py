#!/usr/bin/env python3
"""A receiver made with aiosmtpd: mailboxes for the users of a file, 550 for others, 450 once for "later*", and 554
after the dot for "refused*".

    aiosmtpd_server.py USERS MAILDIRS CERT KEY REFUSALS ADDRESS:PORT:MODE...

MODE "tls" offers STARTTLS. A message is in MAILDIRS/DOMAIN/new before it is acknowledged. REFUSALS gets a line
"CODE RECIPIENT TEXT" for each refusal. Runs until SIGTERM.
"""
import asyncio
import itertools
import os
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Mailboxes:
    def __init__(self, users, maildirs, refusals):
        with open(users, encoding="ascii") as f:
            self.users = {line.strip() for line in f}
        self.maildirs, self.put_off, self.number = maildirs, set(), itertools.count(1)
        self.refusals = open(refusals, "w", buffering=1, encoding="utf-8")
        for domain in {user.partition("@")[2] for user in self.users}:
            for part in ("new", "tmp"):
                os.makedirs(f"{maildirs}/{domain}/{part}")

    def refuse(self, recipient, reply):
        print(reply[:3], recipient, reply[4:], file=self.refusals)
        return reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address not in self.users:
            return self.refuse(address, "550 5.1.1 No such user here")
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return self.refuse(address, "450 4.2.0 Come again later")
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        for recipient in envelope.rcpt_tos:
            if recipient.startswith("refused"):
                return self.refuse(recipient, "554 5.7.1 We do not want this")
        protocol = "ESMTPS" if session.ssl else "ESMTP"
        for recipient in envelope.rcpt_tos:
            name, folder = f"{next(self.number):06}", f"{self.maildirs}/{recipient.partition('@')[2]}"
            with open(f"{folder}/tmp/{name}", "wb") as f:
                f.write(f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {recipient}\r\n"
                        f"Received: by mx.aiosmtpd.example with {protocol}\r\n".encode())
                f.write(envelope.content)
            os.rename(f"{folder}/tmp/{name}", f"{folder}/new/{name}")
        return "250 2.0.0 Kept"


async def main(users, maildirs, cert, key, refusals, *listen):
    box = Mailboxes(users, maildirs, refusals)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    loop, over, servers = asyncio.get_running_loop(), asyncio.Event(), []
    for what in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(what, over.set)
    for where in listen:
        address, port, mode = where.split(":")
        context = tls if mode == "tls" else None
        servers.append(await loop.create_server(
            lambda context=context: SMTP(box, hostname="mx.aiosmtpd.example", tls_context=context), address, int(port)))
    await over.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
