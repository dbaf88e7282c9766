wake.o: server/bus/wake.h server/base/err.h
server/base/err.h:
