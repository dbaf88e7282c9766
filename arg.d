arg.o: handlers/arg.h server/base/json.h server/base/err.h
server/base/json.h:
server/base/err.h:
