"""How the page looks: dark and light as the reader's system is, and fit for a phone.

Blue and vermilion stay apart for every kind of colour blindness (Okabe and Ito 2008); shapes tell
the arms apart too.
"""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--soft:#f6f7f9;--ink:#1c2128;--dim:#59636e;--rule:#d9dee4;
--grid:#e6e9ed;--canary:#c2410c;--stable:#0b63b0;--e:#5b3fb8;--limit:#b3261e;--good:#176f3d;
--over:#b3261e12;--pause:#8a8f9833}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--soft:#1a2028;--ink:#e4e8ee;--dim:#9aa5b1;
--rule:#303945;--grid:#252d37;--canary:#f59a55;--stable:#64b1f2;--e:#b7a1ff;--limit:#ff8b80;
--good:#66cf93;--over:#ff8b8014;--pause:#8a8f9840}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header{max-width:948px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:20px;line-height:1.3;margin:0;letter-spacing:-.005em}
h3{font-size:14px;margin:0;font-weight:600}
p{margin:0}.dim,figcaption,.legend{color:var(--dim)}
nav ul{list-style:none;margin:20px 0 0;padding:0;border-top:1px solid var(--rule)}
nav a{display:grid;grid-template-columns:11.5em 1fr auto;gap:2px 16px;padding:8px 2px;
color:inherit;text-decoration:none;border-bottom:1px solid var(--rule)}
nav a:hover,nav a:focus-visible{background:var(--soft)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--stable);
outline-offset:2px}
section{border-top:3px solid var(--rule);margin-top:44px;padding-top:24px}
.head{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:baseline}
.state{font-weight:600;white-space:nowrap}.good{color:var(--good)}.bad{color:var(--limit)}
.verdict{margin:16px 0 0;padding:10px 16px;background:var(--soft);border-left:4px solid var(--rule);
overflow-wrap:anywhere}
.verdict.bad{border-color:var(--limit);color:inherit}.verdict.good{border-color:var(--good);
color:inherit}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:14px 24px;
margin:20px 0 0}
dt{color:var(--dim);font-size:13px}dd{margin:0;font-size:17px;font-variant-numeric:tabular-nums}
dd small{font-size:13px;color:var(--dim);display:block}
figure{margin:30px 0 0}
figcaption{display:flex;flex-wrap:wrap;gap:0 18px;align-items:center;font-size:13px;
margin-bottom:4px}
figcaption h3{color:var(--ink)}
.key{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}.key svg{width:26px;
height:12px;flex:none}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
fill:var(--dim);font-variant-numeric:tabular-nums}
figcaption .wide,figcaption .narrow{white-space:nowrap}.narrow{display:none}
.grid{stroke:var(--grid);fill:none}.axis,.tick{stroke:var(--dim);fill:none}
.line,.thin{fill:none;stroke-linejoin:round}.line{stroke-width:2}.thin{stroke-width:1;
stroke-opacity:.45}
.line.canary,.thin.canary,.whisker.canary{stroke:var(--canary)}
.line.stable,.thin.stable,.whisker.stable{stroke:var(--stable)}
.line.stable{stroke-dasharray:5 3}
.whisker{fill:none;stroke-width:1.3;stroke-opacity:.75}
.fill{stroke:none;fill-opacity:.13}.fill.canary{fill:var(--canary)}.fill.stable{fill:var(--stable)}
.mark.canary{fill:var(--canary);stroke:var(--bg)}
.mark.stable{fill:var(--bg);stroke:var(--stable);stroke-width:1.7}
.line.e{stroke:var(--e)}circle.e{fill:var(--e)}
.threshold{fill:none;stroke:var(--limit);stroke-width:1.5;stroke-dasharray:7 4}
.over{fill:var(--over)}.paused{fill:var(--pause)}
.deed{stroke:var(--dim);stroke-dasharray:2 3;fill:none}
svg text.halo{paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}
svg text.limit{fill:var(--limit)}
.scroll{overflow-x:auto;margin-top:10px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{font-weight:600;text-align:left}tr>*{padding:5px 14px 5px 0;vertical-align:top;
border-bottom:1px solid var(--rule)}
tr>*:last-child{padding-right:0}
thead th,table>tbody:first-child>tr:first-child>th{color:var(--dim);font-weight:500;
vertical-align:bottom}
.scroll td,.scroll th{white-space:nowrap}.n{text-align:right}
.block{margin-top:30px}
.records{margin-top:10px;table-layout:fixed}
.records th:nth-child(1){width:168px}.records th:nth-child(2){width:98px}
.records time{white-space:nowrap}
.records th:nth-child(4){width:160px}
.records td{overflow-wrap:anywhere}.records td:not(:nth-child(3)){color:var(--dim)}
.sign{display:inline-block;min-width:1em;font-weight:700;text-align:center}
.loose{color:var(--limit)}
details{margin-top:24px}summary{cursor:pointer;color:var(--dim);font-size:14px}
footer{max-width:948px;margin:48px auto 40px;padding:14px 24px 0;color:var(--dim);font-size:13px}
@media(max-width:640px){
main,header,footer{padding-left:14px;padding-right:14px}header{padding-top:22px}
.wide{display:none}div.narrow{display:block}span.narrow{display:inline}
nav a{grid-template-columns:1fr auto}nav a>:last-child{grid-column:1/-1}
.records thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.records,.records tbody,.records tr{display:block}
.records tr{border-bottom:1px solid var(--rule);padding:8px 0}
.records td{display:inline;border:0;padding:0 8px 0 0}
.records td:nth-child(3){display:block;padding:2px 0 0}
.records td:nth-child(4){display:block}.records td.same{display:none}
dl{grid-template-columns:1fr 1fr}dd{font-size:14px}figcaption h3{width:100%}}
@media print{div.wide{display:block}div.narrow{display:none}
figure,tr{break-inside:avoid}}
""".strip()
