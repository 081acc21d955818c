"""What hostile people type: markup, attribute breakouts, script addresses, htmx attributes, SVG, template syntax."""

from __future__ import annotations

MARK = "xss7391"

#: Each holds the mark, so that it is found wherever it ends up.
XSS = [
    f"<script>alert('{MARK}')</script>", f"</script><script>alert('{MARK}')</script>", f"<ScRiPt src=//{MARK}.example></ScRiPt>",
    f"<img src=x onerror=alert('{MARK}')>", f'"><img src=x onerror=alert("{MARK}")>', f"'><img src=x onerror=alert('{MARK}')>",
    f"<svg onload=alert('{MARK}')>", f"<svg/onload=alert`{MARK}`>", f'"><svg onload=alert("{MARK}")>', f"<svg><script>{MARK}</script></svg>",
    f"<svg><a xlink:href=javascript:{MARK}><text>x</text></a></svg>", f"<svg><animate onbegin=alert('{MARK}')>", f"<math href=javascript:{MARK}>x</math>",
    f'" onmouseover="alert(\'{MARK}\')', f"' onmouseover='alert(\"{MARK}\")", f"` onmouseover=`{MARK}`", f'" autofocus onfocus="{MARK}" x="',
    f"x onfocus={MARK} autofocus tabindex=1", f'"/onfocus="{MARK}"/autofocus="', f'">{MARK}<input autofocus onfocus=alert(1)>',
    f"<body onload=alert('{MARK}')>", f"<iframe src=javascript:{MARK}></iframe>", f"<iframe srcdoc='<script>{MARK}</script>'>",
    f"<object data=javascript:{MARK}>", f"<embed src=javascript:{MARK}>", f"<form action=javascript:{MARK}><button>x</button></form>",
    f"<button formaction=javascript:{MARK}>x</button>", f"<a href=javascript:{MARK}>x</a>", f"<a href='java\tscript:{MARK}'>x</a>",
    f"<a href=data:text/html,{MARK}>x</a>", f"<base href=//{MARK}.example>", f"<meta http-equiv=refresh content='0;url=javascript:{MARK}'>",
    f"<link rel=stylesheet href=//{MARK}.example>", f"<style>*{{background:url(//{MARK}.example)}}</style>", f"</style><script>{MARK}</script>",
    f"</title><script>{MARK}</script>", f"</textarea><script>{MARK}</script>", f"</select><script>{MARK}</script>", f"</option><script>{MARK}</script>",
    f"--><script>{MARK}</script><!--", f"<!--><img src=x onerror={MARK}>-->", f"<![CDATA[<script>{MARK}</script>]]>", f"<?xml {MARK}?>",
    f"<div hx-get=/{MARK} hx-trigger=load>", f'" hx-post="/{MARK}" hx-trigger="load', f"<div hx-on:click={MARK}>", f"<div data-hx-get=/{MARK} data-hx-trigger=load>",
    f"<div hx-vals='js:{{x:{MARK}}}'>", f"<div x-data=x x-init={MARK}>", f"<div _='on load {MARK}'>", f"<details open ontoggle={MARK}>",
    f"<video><source onerror={MARK}></video>", f"<input type=image src=x onerror={MARK}>", f"<marquee onstart={MARK}>", f"<xss id=x style=animation-name:x onanimationstart={MARK}>",
    f"\\x3cscript\\x3e{MARK}", f"\\u003cscript\\u003e{MARK}", f"&lt;script&gt;{MARK}&lt;/script&gt;", f"&#60;script&#62;{MARK}", f"%3Cscript%3E{MARK}",
    f"{{{{ {MARK}.__class__ }}}}", f"{{{{7*7}}}}{MARK}", f"{{% debug %}}{MARK}", f"${{7*7}}{MARK}", f"{{0.__class__}}{MARK}", f"%(x)s {MARK} %s %d",
    f"javascript:alert('{MARK}')", f"JaVaScRiPt:{MARK}", f" javascript:{MARK}", f"data:text/html,<script>{MARK}</script>", f"vbscript:{MARK}",
    f"//{MARK}.example", f"\\\\{MARK}.example", f"mailto:{MARK}@example.com?bcc=x", f"<noscript><p title='</noscript><img src=x onerror={MARK}>'>",
    f"<template><script>{MARK}</script></template>", f"<a\u2028href=javascript:{MARK}>", f"\u202e{MARK}<b>", f"＜script＞{MARK}＜/script＞",
]  # fmt: skip

#: For fields that hold an address, an e-mail or a phone number: none of these may come back as a link that does something.
ADDRESSES = [
    f"javascript:alert('{MARK}')", f"JAVASCRIPT:{MARK}//example.com", f"java\tscript:{MARK}", f"\x01javascript:{MARK}", f"data:text/html,{MARK}",
    f"vbscript:{MARK}", f"https://example.com/\" onclick=\"{MARK}", f"https://example.com/'><script>{MARK}</script>", f"https://{MARK}@example.com",
    f"https://example.com/?q=<script>{MARK}</script>", f"https://example.com/#\"><img onerror={MARK}>", f"file:///{MARK}", f"//{MARK}.example",
    f"https://example.com/{MARK}", f"\"{MARK}<script>\"@example.com", f"{MARK}\"onclick=x@example.com", f"<{MARK}@example.com>", f"{MARK}'@example.com",
    f"{MARK}@example.com?subject=x", f"+353 1 555 7391;ext={MARK}", f"tel:+35315557391\"{MARK}", f"+353 1 555 7391 <b>{MARK}</b>",
]  # fmt: skip

#: (name, content, type that the browser claims) of uploads that would run if a server served them as they say.
UPLOADS = [
    ("page.html", b"<html><script>xss7391</script></html>", "text/html"), ("page.htm", b"<script>xss7391</script>", "text/html"),
    ("page.xhtml", b'<html xmlns="http://www.w3.org/1999/xhtml"><script>1</script></html>', "application/xhtml+xml"),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="xss7391"/>', "image/svg+xml"), ("drawing.svgz", b"\x1f\x8b\x08", "image/svg+xml"),
    ("feed.xml", b'<?xml version="1.0"?><?xml-stylesheet href="x"?><x/>', "text/xml"), ("sheet.xsl", b"<xsl:stylesheet/>", "text/xsl"),
    ("code.js", b"alert('xss7391')", "text/javascript"), ("code.mjs", b"alert(1)", "application/javascript"), ("style.css", b"*{}", "text/css"),
    ("picture.png", b"\x89PNG\r\n\x1a\n<script>xss7391</script>", "image/png"), ("picture.gif", b"GIF89a/*<script>*/=1;xss7391", "image/gif"),
    ("photo.jpg", b"\xff\xd8\xff\xe0<script>xss7391</script>", "image/jpeg"), ("paper.pdf", b"%PDF-1.7 <script>xss7391</script>", "application/pdf"),
    ("archive.zip", b"PK\x03\x04<script>", "application/zip"), ("swf.swf", b"FWS\x09", "application/x-shockwave-flash"),
    ("mail.mht", b"MIME-Version: 1.0\nContent-Type: text/html\n\n<script>", "multipart/related"), ("app.php", b"<?php echo 1 ?>", "application/x-php"),
    ("app.hta", b"<script>", "application/hta"), ("noname", b"<!doctype html><script>xss7391</script>", ""), ("x.pHtMl", b"<script>", "text/html"),
]  # fmt: skip

#: Names that try to leave their folder, or to write a header of their own.
NAMES = [
    "../../etc/passwd", "..\\..\\windows\\system.ini", "/etc/passwd", "a/b/c.txt", "....//x", "%2e%2e%2fx", 'x".html', "x\r\nSet-Cookie: a=xss7391",
    "x\nContent-Type: text/html", "x\0.html", "<svg onload=xss7391>.png", '"><script>xss7391</script>.txt', "\u202egnp.exe", "é" * 200 + ".txt", "CON", ".htaccess",
    "x;filename=y.html", "=cmd|' /C calc'!A0.csv",
]  # fmt: skip

#: Odd values for any parameter of an address. The answer may be a refusal, never a failure.
ODD = [
    "%00", "a%00b", "²", "٣", "-1", "0", "99999999999999999999", "9" * 5000, "1e999", "NaN", "null", "true", "[]", "{}", "%ff%fe", "%f0%9f%92%a9", "%ed%a0%80",
    "(" * 200, "not " * 300 + "name is x", "a and " * 300 + "b", "name is ((((x))))", "has deals (" * 30, "%5c", "%27%20or%201%3d1--", "%22", "*", "..%2f..", "a.b.c.d.e",
    "__class__", "_connector", "name__startswith is a", "x" * 15000, "W10", "WyIiLGZhbHNlLG51bGwsIngiXQ", "eyJ9", "=", "====", "%0d%0aX: y", "id", "-id", "-", "--name",
    "{%22all%22:[]}", "{%22field%22:1}", "name%20is%20%22", "created_at%20%3e%20today-99999999999d", "created_at%20is%209999-99-99", "turnover%20%3e%201e400",
]  # fmt: skip
