"""How fast the server answers on the wire; beside the official memory server from npm when GADUGI_HOSTS is set."""
import os

from bench import mcp
from bench.common import figure


def main():
    results = mcp.all_of(os.environ["BUILD"], mcp.peer_command() if os.environ.get("GADUGI_HOSTS") else None)
    ours = results[0]
    figure("ping, one at a time, p50 / p99", "%.0f / %.0f µs" % (ours["ping_us"]["p50"], ours["ping_us"]["p99"]), "60 / 500 µs", "25 / 100 µs")
    figure("recall over MCP, one at a time, p50 / p99", "%.0f / %.0f µs" % (ours["call_us"]["p50"], ours["call_us"]["p99"]), "", "")
    figure("recalls a second, all written at once", "%.0f" % ours["piped"], "", "")
    figure("exit after the end of input", "%.1f ms" % ours["exit_ms"], "100 ms", "5 ms")
    figure("tools/list", "%d bytes" % ours["list_bytes"], "8192 bytes", "")
    if len(results) > 1:
        peer = results[1]
        figure("cold start beside server-memory", "1/%.0f" % (peer["cold_ms"] / ours["cold_ms"]), "1/20", "1/60")
        figure("memory after start beside server-memory", "1/%.1f" % (peer["rss_mib"] / ours["rss_mib"]), "1/8", "1/15")
        figure("reading call, p99, beside its read_graph", "1/%.1f" % (peer["call_us"]["p99"] / ours["call_us"]["p99"]), "1/3", "1/10")
        figure("calls a second beside server-memory", "%.1fx" % (ours["piped"] / peer["piped"]), "2x", "6x")


main()
