/** Messages of pluginv2.Stream: channels of Grafana Live that end in this backend. Source: backend.proto of Grafana's plugin SDK, proto3. */
import { WireReader } from '../../shared/bytes/protobufWire.ts';
import {
  encoded,
  kept,
  NO_CONTEXT,
  readContext,
  writeContext,
  type Codec,
  type Mutable,
  type PluginContext,
} from './messages.ts';

/** Of subscribing, publishing and running alike. */
export interface StreamRequest {
  readonly context: PluginContext;
  /** The channel, without `ds/<uid>/` before it. */
  readonly path: string;
  /** What the browser says of the channel, JSON; the same for all who subscribe to it. */
  readonly data: Uint8Array;
}

export const STREAM_OK = 0;
export const STREAM_NOT_FOUND = 1;
export const STREAM_FORBIDDEN = 2;

export interface StreamAnswer {
  readonly status: typeof STREAM_OK | typeof STREAM_NOT_FOUND | typeof STREAM_FORBIDDEN;
}

/** JSON that goes to every browser on the channel. */
export interface StreamPacket {
  readonly data: Uint8Array;
}

export const streamRequest: Codec<StreamRequest> = {
  encode: (request) =>
    encoded((out) =>
      out
        .message(1, (m) => writeContext(m, request.context))
        .string(2, request.path)
        .bytesField(3, request.data),
    ),
  decode: (bytes) => {
    const request: Mutable<StreamRequest> = { context: NO_CONTEXT, path: '', data: new Uint8Array() };
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) request.context = readContext(r.message());
      else if (r.field === 2) request.path = r.string();
      else if (r.field === 3) request.data = kept(r.bytes());
      else r.skip();
    }
    return request;
  },
};

export const streamAnswer: Codec<StreamAnswer> = {
  encode: ({ status }) => encoded((out) => out.int(1, status)),
  decode: (bytes) => {
    let status = 0;
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) status = r.int();
      else r.skip();
    }
    return { status: status as StreamAnswer['status'] };
  },
};

export const streamPacket: Codec<StreamPacket> = {
  encode: ({ data }) => encoded((out) => out.bytesField(1, data)),
  decode: (bytes) => {
    let data = new Uint8Array();
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) data = kept(r.bytes()) as Uint8Array<ArrayBuffer>;
      else r.skip();
    }
    return { data };
  },
};
