# What the Makefile of a module includes, see sallyport-module(3):
#
#	MODULE = tokens
#	LDLIBS = -lcrypt
#	include $(shell pkg-config --variable=modulemk sallyport-module)
#
# SOURCES, where there is more than $(MODULE).c; OPTIONS of the module for
# "make check", which runs $(MODULE).script.
SOURCES ?= $(MODULE).c
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config

MODULE_CFLAGS := $(shell $(PKG_CONFIG) --cflags sallyport-module)
MODULE_DIR := $(shell $(PKG_CONFIG) --variable=moduledir sallyport-module)
MODTEST ?= $(shell $(PKG_CONFIG) --variable=modtest sallyport-module)

.DEFAULT_GOAL := all
.PHONY: all check install clean
all: $(MODULE).so

# What it calls of sallyportd is not there before it is loaded.
$(MODULE).so: $(SOURCES)
	$(CC) -std=gnu11 -Wall -Wextra $(MODULE_CFLAGS) $(CPPFLAGS) $(CFLAGS) \
	    -fPIC -fvisibility=hidden -shared -Wl,-z,relro,-z,now $(LDFLAGS) \
	    -o $@ $(SOURCES) $(LDLIBS)

check: $(MODULE).so
	$(MODTEST) --script $(MODULE).script ./$(MODULE).so $(OPTIONS)

install: $(MODULE).so
	install -d $(DESTDIR)$(MODULE_DIR)
	install -m 644 $(MODULE).so $(DESTDIR)$(MODULE_DIR)

clean:
	rm -f $(MODULE).so
