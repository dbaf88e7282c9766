json.o: server/base/json.h server/base/err.h
server/base/err.h:
