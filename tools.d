tools.o: handlers/tools.h handlers/tool.h server/base/call.h \
 server/base/arena.h server/base/err.h server/base/json.h handlers/arg.h
handlers/tool.h:
server/base/call.h:
server/base/arena.h:
server/base/err.h:
server/base/json.h:
handlers/arg.h:
