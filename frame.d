frame.o: server/wire/frame.h server/base/err.h
server/base/err.h:
