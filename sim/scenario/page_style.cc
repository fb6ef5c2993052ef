#include "sim/scenario/page_parts.h"

namespace phase::sim {

// Colours of series and stages keep apart for readers who see red and green alike: they differ in
// lightness too, and each is named beside it.
std::string_view page_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1d2329;--soft:#5b6670;--line:#d9dee2;
--grid:#e8ebee;--good:#1a7f4b;--goodbg:#e6f4ec;--bad:#b3261e;--badbg:#fbe9e7;--note:#7a5b00;--notebg:#fff5d6;
--accent:#2b5f9e;--wire:#9aa6b0;--s0:#2b5f9e;--s1:#e0822f;--s2:#3a9a8f;--s3:#b8468c;--s4:#8b7bd0;--s5:#b5a12c;
--s6:#6b8f3a;--s7:#9099a2;--off:#eceff1;--kernel:#b7c0c8;--network:#8fa3b5;--discover:#8b7bd0;--providers:#6a5cc0;
--fetch:#3f7fd0;--verify:#e0a62f;--booted:#8fd0b4;--serving:#2f9a68;--dead:#e3aaa5;--other:#c9b79c}
@media (prefers-color-scheme:dark){:root{--bg:#14181c;--card:#1c2227;--ink:#e6eaed;--soft:#9aa6b0;--line:#333c44;
--grid:#2a3239;--good:#5fcf97;--goodbg:#173325;--bad:#ff8a80;--badbg:#3d1d1b;--note:#e8c55a;--notebg:#352c10;
--accent:#7fb0ec;--wire:#5b6873;--s0:#6fa5e6;--s1:#f0a05a;--s2:#5cc4b8;--s3:#e07cb8;--s4:#b0a3ee;--s5:#d8c552;
--s6:#9cc463;--s7:#8a949d;--off:#242b31;--kernel:#56626c;--network:#6b8094;--discover:#9a8ae0;--providers:#7d6fd6;
--fetch:#5b96e2;--verify:#e8b54a;--booted:#4d8f73;--serving:#49c088;--dead:#7c3f3a;--other:#8a7a60}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:1160px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
p{margin:8px 0;max-width:78ch}.soft{color:var(--soft)}.small{font-size:13px}
.banner{border-radius:8px;padding:12px 16px;margin:16px 0;font-size:18px;font-weight:600;border-left:6px solid}
.banner small{display:block;font-size:14px;font-weight:400}
.banner.good{background:var(--goodbg);color:var(--good);border-color:var(--good)}
.banner.bad{background:var(--badbg);color:var(--bad);border-color:var(--bad)}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 16px;flex:1 1 150px}
.tile b{display:block;font-size:21px;font-weight:600}.tile span{color:var(--soft);font-size:13px}
.box{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto}
.box>svg{display:block;width:100%;min-width:760px;height:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:500;font-size:13px}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.yes{color:var(--good);font-weight:600;white-space:nowrap}.no{color:var(--bad);font-weight:600;white-space:nowrap}
.told{color:var(--note);font-weight:600;white-space:nowrap}
td.words{overflow-wrap:anywhere;min-width:180px}
code,pre{font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
ol.steps{columns:2;column-gap:32px;padding-left:0;list-style:none;font-size:14px;margin:12px 0 0}
ol.steps li{break-inside:avoid;padding:2px 0 2px 30px;position:relative}
ol.steps .num{position:absolute;left:0;min-width:22px;height:18px;line-height:18px;top:4px;border-radius:9px;text-align:center;font-size:11px;background:var(--ink);color:var(--bg)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft);margin:0 0 8px}
.legend i{display:inline-block;width:14px;height:10px;border-radius:2px;margin-right:6px}
summary{cursor:pointer;color:var(--accent);padding:4px 0}
svg text{font:12px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--ink)}
svg .tick,svg .soft{fill:var(--soft);font-size:11px}svg .grid{stroke:var(--grid)}svg .strong{font-weight:600}
svg .wire{stroke:var(--wire);stroke-width:2;fill:none}svg .trunk{fill:var(--wire)}
svg .card{fill:var(--card);stroke:var(--line)}svg .lan{fill:none;stroke:var(--wire);stroke-dasharray:5 4}
svg .card.hostile{stroke:var(--bad)}svg .mark{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 3;opacity:.45}
svg .bubble{fill:var(--ink)}svg .bubbletext{fill:var(--bg);font-size:10px;text-anchor:middle}
svg .onwire{fill:var(--bg);font-size:11px}
.f-publisher{fill:var(--s1);background:var(--s1)}.f-provider{fill:var(--s0);background:var(--s0)}
.f-mirror{fill:var(--s4);background:var(--s4)}.f-dht-node{fill:var(--s7);background:var(--s7)}
.f-hostile{fill:var(--bad);background:var(--bad)}.f-up{fill:var(--serving);background:var(--serving)}
.f-down{fill:var(--card);stroke:var(--bad);stroke-width:1.5;background:var(--card);outline:1.5px solid var(--bad)}
.c0{fill:var(--s0);background:var(--s0)}.c1{fill:var(--s1);background:var(--s1)}.c2{fill:var(--s2);background:var(--s2)}
.c3{fill:var(--s3);background:var(--s3)}.c4{fill:var(--s4);background:var(--s4)}.c5{fill:var(--s5);background:var(--s5)}
.c6{fill:var(--s6);background:var(--s6)}.c7{fill:var(--s7);background:var(--s7)}
.t-off{fill:var(--off);background:var(--off)}.t-kernel{fill:var(--kernel);background:var(--kernel)}
.t-network{fill:var(--network);background:var(--network)}.t-discover{fill:var(--discover);background:var(--discover)}
.t-providers{fill:var(--providers);background:var(--providers)}.t-fetch{fill:var(--fetch);background:var(--fetch)}
.t-verify{fill:var(--verify);background:var(--verify)}.t-booted{fill:var(--booted);background:var(--booted)}
.t-serving{fill:var(--serving);background:var(--serving)}.t-dead{fill:var(--dead);background:var(--dead)}
.t-other{fill:var(--other);background:var(--other)}
@media (max-width:700px){ol.steps{columns:1}}
@media print{main{max-width:none}.box{break-inside:avoid}}
)css";
}

}  // namespace phase::sim
