tool.o: handlers/tool.h server/base/call.h server/base/arena.h \
 server/base/err.h server/base/json.h handlers/arg.h
server/base/call.h:
server/base/arena.h:
server/base/err.h:
server/base/json.h:
handlers/arg.h:
