import { resolveEncoding } from './dist/encoding/index.js';
const now=()=>Number(process.hrtime.bigint());
function bench(name, fn, n=5e5){ for(let i=0;i<2e4;i++)fn(i); const rs=[]; for(let r=0;r<3;r++){const t=now(); for(let i=0;i<n;i++)fn(i); rs.push((now()-t)/n/1000);} rs.sort((a,b)=>a-b); console.log(name.padEnd(46), rs[1].toFixed(3),'µs'); }
const t=Buffer.from(new SharedArrayBuffer(1<<20));
const row={id:123456,name:'Ada Lovelace',email:'ada@example.com',tags:['a','b','c'],active:true,score:98.5,address:{city:'London',zip:'EC1'}};
const rowText={...row,bio:'x'.repeat(400)};
const cases=[['utf8',i=>'user:'+String(100000000+i*7).slice(0,11)],['utf8',i=>'v'.repeat(100)],['binary',()=>new Uint8Array(16)],['binary',()=>new Uint8Array(100)],['json',()=>row],['msgpack',()=>row],['json',()=>rowText],['msgpack',()=>rowText],['tuple',i=>['user',i]],['tuple',i=>['user','u'+i,i*1.5]]];
for(const [n,make] of cases){
 const e=resolveEncoding(n); const vals=Array.from({length:256},(_,i)=>make(i));
 const len=e.write(vals[5],t,(e.sizeBound(vals[5]),0));
 bench(n+' encode '+len+' B',i=>{const v=vals[i&255]; e.sizeBound(v); return e.write(v,t,0);},2e5);
 e.sizeBound(vals[5]); e.write(vals[5],t,0);
 bench(n+' decode '+len+' B',i=>e.read(t,0,len),2e5);
}
import { packMessage, unpackMessage } from './dist/encoding/msgpack-library.js';
import { MessageScanner } from './dist/encoding/message-scanner.js';
const sc=new MessageScanner(); const m=Uint8Array.from(packMessage(row)), m2=Uint8Array.from(packMessage(rowText));
bench('  pack',()=>packMessage(row),2e5); bench('  unpack',()=>unpackMessage(m,m.length),2e5); bench('  scan',()=>sc.scan(m,0,m.length,'refuse'),2e5);
bench('  unpack text',()=>unpackMessage(m2,m2.length),2e5); bench('  scan text',()=>sc.scan(m2,0,m2.length,'refuse'),2e5);
