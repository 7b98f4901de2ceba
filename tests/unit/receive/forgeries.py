"""Messages that claim to come from a district: forged in every known way, and genuine in every ordinary one.

Each is its header lines, the topmost first; `message` adds what all have. Our own server is mx.stttt-gialai.example.
"""

from __future__ import annotations

OURS = "mx.stttt-gialai.example"
DOMAIN = "kongchro-gialai.example"
DISTRICT = f"pvhtt.kongchro@{DOMAIN}"
LIKE = "xn--kngchro-gialai-5wg.example"  # looks the same to a reader
EVIL = "attacker@evil.example"
FROM = f"From: {DISTRICT}"
PASS = f"Authentication-Results: {OURS}; dmarc=pass header.from={DOMAIN}"
SIGNED = f"Authentication-Results: {OURS}; dkim=pass header.d={DOMAIN}"
ENTRY = f"Received: from mail.evil.example (mail.evil.example [203.0.113.9]) by {OURS} with ESMTPS;"
WHEN = " Wed, 17 Apr 2019 09:00:05 +0700"
TEXT = "Báo cáo tháng 4/2019\n1. Đại lý Internet: 20 đại lý\n2. Trạm BTS: 50 trạm\n"


def ar(results: str, who: str = OURS) -> str:
    """Return an Authentication-Results line."""
    return f"Authentication-Results: {who}; {results}"


def message(*lines: str, number: int = 0, text: str = TEXT) -> bytes:
    """Return a message with these lines above those that it lacks."""
    names = {line.partition(":")[0].strip().lower() for line in lines}
    usual = {
        "Date": "Wed, 17 Apr 2019 09:00:00 +0700", "Subject": "Bao cao thang 4", "To": "baocao@stttt-gialai.example",
        "Message-ID": f"<{number}@somewhere.example>", "Content-Type": 'text/plain; charset="utf-8"',
    }
    rest = [f"{name}: {value}" for name, value in usual.items() if name.lower() not in names]
    return "\r\n".join([*lines, *rest, "", text]).encode()


def entered(*lines: str) -> tuple[str, ...]:
    """Return the lines with that of the server that let the message in beneath what it found, if none stands there."""
    if any(line.startswith("Received:") for line in lines):
        return lines
    below = max((n + 1 for n, line in enumerate(lines) if line.lower().startswith("authentication-results")), default=0)
    return (*lines[:below], ENTRY + WHEN, *lines[below:])


_FORGED: dict[str, tuple[str, ...]] = {
    # whose address is it
    "the name shown is the district's": (ar("dmarc=pass header.from=evil.example"), f'From: "{DISTRICT}" <{EVIL}>'),
    "the name shown is the district's, encoded": (
        ar("dmarc=pass header.from=evil.example"), f"From: =?utf-8?q?P=2EVHTT_<{DISTRICT}>?= <{EVIL}>"),
    "the name shown is the district's, unquoted": (PASS, f"From: {DISTRICT} <{EVIL}>"),
    "two From lines": (PASS, FROM, f"From: {EVIL}"),
    "two From lines, the other first": (PASS, f"From: {EVIL}", FROM),
    "two From lines, one in another case": (PASS, FROM, f"FROM : {EVIL}"),
    "two From lines of the same address": (PASS, FROM, FROM),
    "two addresses": (PASS, f"From: {DISTRICT}, {EVIL}"),
    "two addresses in brackets": (PASS, f"From: <{DISTRICT}> <{EVIL}>"),
    "a group": (PASS, f"From: Huyen: {DISTRICT};"),
    "an empty group": (PASS, "From: Huyen:;"),
    "a route before the address": (PASS, f"From: <@evil.example:{DISTRICT}>"),
    "a comment with another address": (PASS, f"From: {DISTRICT} ({EVIL})"),
    "a comment within a comment": (PASS, f"From: {EVIL} (a (b) <{DISTRICT}>)"),
    "a comment that does not end": (PASS, f"From: ({EVIL} <{DISTRICT}>"),
    "a quote that does not end": (PASS, f'From: "{EVIL} <{DISTRICT}>'),
    "a local part in quotes": (PASS, f'From: "pvhtt.kongchro"@{DOMAIN}'),
    "a local part in an encoded word": (PASS, f"From: =?utf-8?q?pvhtt=2Ekongchro?=@{DOMAIN}"),
    "the whole address in an encoded word": (PASS, f"From: =?utf-8?q?pvhtt=2Ekongchro=40{DOMAIN}?="),
    "no domain": (PASS, "From: pvhtt.kongchro"),
    "no From": (PASS, f"Sender: {DISTRICT}", f"Reply-To: {DISTRICT}"),
    "an empty From": (PASS, "From:", f"Sender: {DISTRICT}"),
    "only Sender is the district's": (PASS, f"From: {EVIL}", f"Sender: {DISTRICT}"),
    "only Reply-To is the district's": (PASS, f"From: {EVIL}", f"Reply-To: {DISTRICT}"),
    "only Resent-From is the district's": (PASS, f"Resent-From: {DISTRICT}", f"From: {EVIL}"),
    "only Return-Path is the district's": (f"Return-Path: <{DISTRICT}>", PASS, f"From: {EVIL}"),
    "a control letter between two addresses": (PASS, f"From: {EVIL}\rFrom: <{DISTRICT}>"),
    "a second address beyond what is looked at": (PASS, f"From: {DISTRICT}{' ' * 5000}, {EVIL}"),
    "a letter of another script in the domain": (PASS, f"From: pvhtt.kongchro@{DOMAIN.replace('o', 'о')}"),
    "its domain in punycode": (
        ar(f"dmarc=pass header.from={LIKE}"), f"From: pvhtt.kongchro@{LIKE}"),
    "a domain that begins alike": (
        ar(f"dmarc=pass header.from={DOMAIN}.evil.example"), f"From: {DISTRICT}.evil.example"),
    "a part of the domain": (ar(f"dmarc=pass header.from=a.{DOMAIN}"), f"From: pvhtt.kongchro@a.{DOMAIN}"),
    "a dot behind the domain": (PASS, f"From: {DISTRICT}."),
    # who judged
    "no results at all": (FROM,),
    "results of another server": (ar(f"dmarc=pass header.from={DOMAIN}", "mx.evil.example"), FROM),
    "a name that begins with ours": (ar(f"dmarc=pass header.from={DOMAIN}", f"{OURS}.evil.example"), FROM),
    "our name as a comment": (ar(f"dmarc=pass header.from={DOMAIN}", f"evil.example ({OURS})"), FROM),
    "our name as a second word": (ar(f"dmarc=pass header.from={DOMAIN}", f"evil.example {OURS}"), FROM),
    "no name, as some services write": (f"Authentication-Results: dmarc=pass header.from={DOMAIN}", FROM),
    "another version of the line": (ar(f"dmarc=pass header.from={DOMAIN}", f"{OURS} 2"), FROM),
    "under a failed one of ours": (ar(f"dmarc=fail header.from={DOMAIN}"), PASS, FROM),
    "under one of ours that knows nothing": (ar("none"), PASS, FROM),
    "under one of ours that cannot be read": (ar("dmarc=pass ("), PASS, FROM),
    "under one of ours on another method": (ar("spf=pass smtp.mailfrom=evil.example"), PASS, FROM),
    "beneath the line of the server that let it in": (ENTRY + WHEN, PASS, FROM),
    "beneath the line of another server": (
        f"Received: from a by mx.evil.example with ESMTP;{WHEN}", PASS, FROM),
    "beneath a line whose sender calls itself us": (
        f"Received: from {OURS} (unknown [203.0.113.9]) by {OURS} with ESMTP;{WHEN}", PASS, FROM),
    "beneath a line whose sender calls itself private": (
        f"Received: from [10.0.0.1] (unknown [203.0.113.9]) by {OURS} with ESMTP;{WHEN}", PASS, FROM),
    "beneath a line with a made-up private address": (
        f"Received: from x (x [10.0.0.1]) (unknown [203.0.113.9]) by {OURS} with ESMTP;{WHEN}", PASS, FROM),
    "beneath a line with a made-up hand-over": (
        f'Received: from x ([203.0.113.9]) by {OURS} (envelope-from <"by a with LMTP "@evil.example>);{WHEN}',
        PASS, FROM),
    "only the results of a chain (ARC)": (
        f"ARC-Authentication-Results: i=1; {OURS}; dmarc=pass header.from={DOMAIN}", "ARC-Seal: i=1; cv=pass", FROM),
    "results in a header of another name": (f"X-Authentication-Results: {OURS}; dmarc=pass header.from={DOMAIN}", FROM),
    # what was found
    "the verdict is of another domain": (ar("dmarc=pass header.from=evil.example"), FROM),
    "the verdict names two domains": (ar(f"dmarc=pass header.from={DOMAIN} header.from=evil.example"), FROM),
    "the verdict names no domain": (ar("dmarc=pass"), FROM),
    "two verdicts, one a failure": (ar(f"dmarc=pass header.from={DOMAIN}; dmarc=fail header.from={DOMAIN}"), FROM),
    "two verdicts, one of another domain": (
        ar(f"dmarc=pass header.from={DOMAIN}; dmarc=pass header.from=evil.example"), FROM),
    "a pass in a comment": (ar(f"dmarc=fail (dmarc=pass header.from={DOMAIN}) header.from={DOMAIN}"), FROM),
    "a pass in a comment that is no end": (ar(f"spf=fail (x) y; dmarc=pass header.from={DOMAIN})"), FROM),
    "a pass in quotes": (ar(f'spf=fail reason="; dmarc=pass header.from={DOMAIN};" smtp.mailfrom=evil.example'), FROM),
    "a pass behind an escaped bracket": (ar(f"dmarc=fail (\\) dmarc=pass header.from={DOMAIN}"), FROM),
    "a word that begins with pass": (ar(f"dmarc=passing header.from={DOMAIN}"), FROM),
    "a method that ends like dmarc": (ar(f"x-dmarc=pass header.from={DOMAIN}"), FROM),
    "a policy and no verdict": (ar(f"policy.dmarc=pass header.from={DOMAIN}"), FROM),
    "SPF alone": (ar(f"spf=pass smtp.mailfrom={DISTRICT}"), FROM),
    "a signature of another domain": (ar("dkim=pass header.d=evil.example"), FROM),
    "a signature of the domain above": (ar("dkim=pass header.d=example"), FROM),
    "a signature of two domains": (ar(f"dkim=pass header.d=evil.example header.i=@{DOMAIN}"), FROM),
    "a signature of a part that nobody names": (ar(f"dkim=pass header.i=@{DOMAIN}"), FROM),
    "a verdict in quotes": (ar(f'dmarc="pass" header.from={DOMAIN}'), FROM),
    "a signature that failed": (ar(f"dkim=fail header.d={DOMAIN}"), FROM),
    "a signature and a DMARC that failed": (ar(f"dmarc=fail header.from={DOMAIN}; dkim=pass header.d={DOMAIN}"), FROM),
    "a signature and a DMARC that has no answer": (ar(f"dkim=pass header.d={DOMAIN}; dmarc=temperror"), FROM),
    "a signature and a DMARC that is none": (ar(f"dkim=pass header.d={DOMAIN}; dmarc=none header.from={DOMAIN}"), FROM),
    "a signature over a DMARC of ours that failed": (SIGNED, ar(f"dmarc=fail header.from={DOMAIN}"), FROM),
    # how it came
    "through a list that breaks the signature": (
        ar(f"dmarc=fail header.from={DOMAIN}; dkim=fail header.d={DOMAIN}; dkim=pass header.d=lists.example"),
        "List-Id: <baocao.lists.example>", FROM),
    "through a list in the list's name": (
        ar("dmarc=pass header.from=lists.example"), f"From: {DISTRICT} via list <baocao@lists.example>"),
    "forwarded by a stranger": (
        ar("dmarc=pass header.from=evil.example"), f"From: {EVIL}", "Subject: Fwd: Bao cao thang 4",
        f"X-Original-From: {DISTRICT}"),
    "forwarded with the chain's word only": (
        ar(f"dmarc=fail header.from={DOMAIN}; arc=pass (i=1 dmarc=pass fromdomain={DOMAIN})"), FROM),
    # what the other end calls itself, in the way of each server
    **{f"below a line whose {word} is an address of ours": (
        f"Received: from {peer} by {OURS} with esmtp (Exim 4.96);{WHEN}", PASS, FROM)
       for word, peer in {
           "HELO beside the address": "[203.0.113.5] (helo=[10.0.0.1])",
           "HELO within the address's brackets": "mail.evil.example ([203.0.113.5] helo=[10.0.0.1])",
           "HELO with a port": "[203.0.113.5]:4711 (helo=[127.0.0.1]:25)",
           "HELO in IPv6": "[IPv6:2001:db8::5] (helo=[IPv6:::1])",
           "ident": "[203.0.113.5] (ident=[10.0.0.1])",
           "HELO alone": "mail.evil.example (helo=[10.0.0.1])",
           "HELO in words": "unknown (HELO [10.0.0.1])",
           "HELO before the address": "[10.0.0.1] (unknown [203.0.113.5])",
           "HELO with brackets and a by": "a ([10.0.0.1]) (x by y) (unknown [203.0.113.5])",
       }.items()},
    # a name that is ours only once what nobody sees is taken out; another line of ours that says no
    **{f"our name with {word} in it": (ar(f"dmarc=pass header.from={DOMAIN}", f"mx.stt{letter}tt-gialai.example"), FROM)
       for word, letter in {"a soft hyphen": "\u00ad", "a NUL": "\0", "a control letter": "\x01", "a DEL": "\x7f",
                            "a joiner": "\u200d"}.items()},
    "our name with a NUL at its end": (ar(f"dmarc=pass header.from={DOMAIN}", f"{OURS}\0"), FROM),
    "ours, and ours that found a failure": (PASS, ar(f"dmarc=fail header.from={DOMAIN}"), ENTRY + WHEN, FROM),
    # lines that do not keep the grammar, and values that are no domain
    **{f"a signature by {value}": (ar(f"dkim=pass {value}"), FROM)
       for value in (f"header.i=@evil.example@{DOMAIN}", f"header.i=a@evil.example@{DOMAIN}",
                     f"header.d=*.{DOMAIN}", f"header.d=.{DOMAIN}", f"header.d=a..{DOMAIN}")},
    **{f"none among others: {line.partition('=')[0]}": (ar(line), FROM)
       for line in (f"none; dmarc=pass header.from={DOMAIN}", f"dmarc=pass header.from={DOMAIN}; none",
                    f"none; dkim=pass header.d={DOMAIN}")},
    "an empty result between": (ar(f"spf=none;; dmarc=pass header.from={DOMAIN}"), FROM),
    "a blank before the colon": (f"Authentication-Results : {OURS}; dmarc=pass header.from={DOMAIN}", FROM),
    "dated in the future": (PASS, FROM, "Date: Fri, 18 Dec 2099 08:00:00 +0700"),
    "dated in the future as its own server sees it": (
        PASS, ENTRY + WHEN, FROM, "Date: Wed, 24 Apr 2019 09:00:00 +0700"),
}

FORGED = {what: entered(*lines) for what, lines in _FORGED.items()} | {
    # checked by nobody: no line shows that the message came in
    "no server's line at all": (PASS, FROM),
    "only the signature, and no server's line": (SIGNED, FROM),
    "only hand-overs within the house": (
        f"Received: from store (store [10.1.2.3]) by desk.stttt-gialai.example with ESMTP;{WHEN}", PASS, FROM),
    # given in by whoever is inside, with lines of their own below
    **{f"given in by {who}": (f"Received: {line};{WHEN}", PASS, ENTRY + WHEN, FROM) for who, line in {
        "a logged-in user": f"from pc7 (pc7.lan [192.168.1.50]) by {OURS} (Postfix) with ESMTPSA id 1",
        "a logged-in user without TLS": "from pc7 (pc7.lan [192.168.1.50]) by store.example with ESMTPA id 1",
        "a machine of the house": f"from pc7 (pc7.lan [192.168.1.50]) by {OURS} (Postfix) with ESMTP id 1",
        "a machine of the house in IPv6": f"from pc7 (pc7.lan [IPv6:fd00::7]) by {OURS} (Postfix) with ESMTP id 1",
        "a program of the server": f"by {OURS} (Postfix, from userid 1000) id 1",
        "a program of another server": "(qmail 4711 invoked by uid 1000)",
    }.items()},
}

_GENUINE: dict[str, tuple[str, ...]] = {
    "a verdict of its domain": (PASS, FROM),
    "a verdict among others": (
        ar(f"spf=softfail (x; y) smtp.mailfrom={DISTRICT}; dkim=fail header.d=other.example; dmarc=pass "
           f"(p=none; dis=none) header.from={DOMAIN}"), ENTRY + WHEN, FROM),
    "a folded line with a version, in another case": (
        f"AUTHENTICATION-RESULTS: {OURS.upper()} 1;\r\n\tdmarc = pass (p=reject)\r\n\theader.from = {DOMAIN.upper()}",
        FROM),
    "a name shown beside the address": (PASS, f'From: "Phòng VHTT, Kông Chro" <{DISTRICT}>'),
    "an encoded name": (PASS, f"From: =?utf-8?b?UGjDsm5nIFZIVFQ=?= <{DISTRICT.upper()}>"),
    "the address twice": (PASS, f"From: {DISTRICT} <{DISTRICT}>"),
    "an ordinary comment": (PASS, f"From: {DISTRICT} (Phong VHTT)"),
    "another address for answers": (PASS, FROM, f"Reply-To: {EVIL}", f"Sender: {EVIL}"),
    "a signature where there is no DMARC": (SIGNED, FROM),
    "a signature of a part of the domain": (ar(f"dkim=pass header.d=mail.{DOMAIN} header.i=@mail.{DOMAIN}"), FROM),
    "two signatures, one of a mail service": (
        ar(f"dkim=pass header.d=service.example; dkim=pass header.d={DOMAIN}"), FROM),
    "ours above a stranger's": (PASS, ar("dmarc=fail", "mx.evil.example"), FROM),
    "handed on by LMTP": (
        f"Received: from {OURS} by store.stttt-gialai.example with LMTP id 1;{WHEN}", PASS, ENTRY + WHEN, FROM),
    "handed by LMTP into a mailbox of the judging server, with a password": (
        f"Received: from {OURS} (desk [10.1.2.3]) by {OURS} (Dovecot) with LMTPSA id 1;{WHEN}",
        f"Received: from store (store [10.1.2.4]) by {OURS} with LMTP id 2;{WHEN}", PASS, ENTRY + WHEN, FROM),
    "a line that ends with a semicolon": (f"{PASS};", FROM),
    "handed on by Exim inside the house": (
        f"Received: from store ([10.1.2.3] helo=store) by desk.stttt-gialai.example with esmtp (Exim 4.96);{WHEN}",
        PASS, ENTRY + WHEN, FROM),
    "forwarded inside the house": (
        f"Received: from store (store [10.1.2.3]) by desk.stttt-gialai.example with ESMTP;{WHEN}",
        f"Received: by store.stttt-gialai.example id 2;{WHEN}", PASS, ENTRY + WHEN, FROM),
}
GENUINE = {what: entered(*lines) for what, lines in _GENUINE.items()} | {
    "through a filter on the same machine": (
        f"Received: from localhost (localhost [127.0.0.1]) by {OURS} (Postfix) with ESMTP id 2;{WHEN}",
        PASS, ENTRY + WHEN, FROM),
}
