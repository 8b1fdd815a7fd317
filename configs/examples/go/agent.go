// An agent of cliai in Go: a small program that speaks the protocol of docs/protocol.md, without an agent CLI.
//
//	NATS_URL=nats://127.0.0.1:4222 NATS_CREDS=$(cliai agents add ada) AGENT_ID=ada go run .
//
// Its work is a stand-in: it counts the words of a task, one step for each word. Put your own work into `work`.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

var (
	agentID  = os.Getenv("AGENT_ID")
	url      = cmp.Or(os.Getenv("NATS_URL"), nats.DefaultURL)
	creds    = os.Getenv("NATS_CREDS") // none only for `cliai serve --insecure`
	interval = seconds("HEARTBEAT_S", 15)
	stepTime = seconds("STEP_S", 0.2)
	run      = nuid.Next() // the name of this run: instance_id
	began    = time.Now()
	control  = []string{"stop", "pause", "resume", "shutdown"}
)

type object = map[string]any

// Names are those of an order, for its receipts.
type Names struct {
	CommandID string `json:"command_id,omitempty"`
	MessageID string `json:"message_id,omitempty"`
	Token     string `json:"token,omitempty"`
}

type Order struct {
	Names
	Type      string          `json:"type"`
	Run       string          `json:"run"`
	From      string          `json:"from"`
	Payload   json.RawMessage `json:"payload"`
	Force     bool            `json:"force"` // of a shutdown
	ExpiresAt time.Time       `json:"expires_at"`
}

type Item struct {
	Names
	Type, From, Text string
}

type Answer struct {
	Success bool
	Error   string
	Result  json.RawMessage
	Tokens  map[string]string
}

type Agent struct {
	nc    *nats.Conn
	say   sync.Mutex // guards what the heartbeats say
	seq   int
	word  string
	task  string
	ended bool
	step  sync.Mutex // held for one step of the work; a pause holds it until the resume
	held  atomic.Bool
	force atomic.Bool
	acted map[string]bool // the orders that were acted on: an order may come twice
	inbox chan struct{}   // a task or message may wait
	stop  chan *Order     // the stop that ends this run
}

func main() {
	agent := &Agent{acted: map[string]bool{}, inbox: make(chan struct{}, 1), stop: make(chan *Order, 1), word: "starting"}
	options := []nats.Option{
		nats.Name("cliai bridge " + agentID + " " + run), // so that serve notices at once when the connection is lost
		nats.CustomInboxPrefix("_INBOX." + agentID),      // the credentials allow no other
		nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.ReconnectHandler(func(*nats.Conn) { agent.appear() }),
	}
	if creds != "" {
		options = append(options, nats.UserCredentials(creds))
		if text, err := os.ReadFile(creds); err == nil && strings.Contains(string(text), "BEGIN CERTIFICATE") {
			options = append(options, nats.RootCAs(creds))
		}
	}
	nc, err := nats.Connect(url, options...)
	if err != nil {
		log.Fatal(err)
	}
	agent.nc = nc
	agent.live()
}

func (a *Agent) live() {
	quit, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	a.appear()
	a.report("idle", "")
	a.wake() // orders may wait from before this run
	orders, done := context.WithCancel(context.Background())
	defer done()
	go a.takeOrders(orders)
	ended := make(chan *Order, 1)
	go func() { ended <- a.work() }()
	beats := time.NewTicker(interval)
	for {
		select {
		case <-beats.C:
			a.beat()
			continue
		case <-quit.Done():
			a.end()
			a.store("status", object{"status": "disconnected", "message": "a signal", "instance_id": run})
		case stop := <-ended:
			a.end()
			a.receipt(stop.Names, "applied", nil)
			words := stop.Type + " by " + cmp.Or(stop.From, "unknown")
			a.store("status", object{"status": "stopped", "message": words, "instance_id": run})
		}
		a.nc.Drain()
		for !a.nc.IsClosed() {
			time.Sleep(10 * time.Millisecond)
		}
		return
	}
}

// What it reports

// appear sends a heartbeat, and one more soon: serve reconnects at the same time, and may miss the first.
func (a *Agent) appear() {
	a.beat()
	time.AfterFunc(1500*time.Millisecond, a.beat)
}

func (a *Agent) beat() {
	a.say.Lock()
	defer a.say.Unlock()
	if a.ended {
		return
	}
	a.seq++
	dir, _ := os.Getwd()
	host, _ := os.Hostname()
	a.nc.Publish("agent."+agentID+".heartbeat", encode(object{
		"agent_id": agentID, "config_name": "go", "project_path": dir,
		"status": a.word, "current_task": a.task, "timestamp": now(),
		"instance_id": run, "interval_s": interval.Seconds(), "seq": a.seq,
		"host": host, "pid": os.Getpid(),
	}))
}

// store stores a report. It waits until the report is stored, so that the next report does not overtake it.
func (a *Agent) store(topic string, fields object) {
	fields["agent_id"], fields["timestamp"] = agentID, now()
	for {
		answer, err := a.nc.Request("agent."+agentID+"."+topic, encode(fields), 5*time.Second)
		if err == nil && !strings.Contains(string(answer.Data), `"error"`) {
			return
		}
		log.Printf("%s is not stored yet: %v", topic, err)
		time.Sleep(time.Second)
	}
}

func (a *Agent) report(word, task string) {
	a.say.Lock()
	a.word, a.task = word, task
	a.say.Unlock()
	a.beat()
	a.store("status", object{"status": word, "current_task": task, "instance_id": run})
}

// end ends the heartbeats: none comes after the goodbye.
func (a *Agent) end() {
	a.say.Lock()
	defer a.say.Unlock()
	a.ended = true
}

func (a *Agent) current() string {
	a.say.Lock()
	defer a.say.Unlock()
	return a.task
}

func (a *Agent) receipt(order Names, state string, more object) {
	fields := object{"command_id": order.CommandID, "state": state}
	if order.Token != "" {
		fields["token"] = order.Token
	}
	for name, value := range more {
		fields[name] = value
	}
	a.store("receipt", fields)
}

// call calls a tool. Each try has the same request_id, so that a call whose answer was lost does not take effect twice.
func (a *Agent) call(tool string, arguments object) (answer Answer) {
	call := encode(object{
		"request_id": nuid.Next(), "agent_id": agentID, "instance_id": run,
		"tool": tool, "arguments": arguments, "confirms": true,
	})
	for {
		message, err := a.nc.Request("tools.call."+agentID, call, 30*time.Second)
		if err == nil {
			json.Unmarshal(message.Data, &answer)
			return answer
		}
		log.Printf("%s: %v", tool, err)
		time.Sleep(time.Second)
	}
}

// What it is told

func (a *Agent) takeOrders(over context.Context) {
	js, err := jetstream.New(a.nc)
	if err != nil {
		log.Fatal(err)
	}
	for over.Err() == nil {
		// serve makes the consumer after the first heartbeat.
		consumer, err := js.Consumer(over, "COMMANDS", "bridge-"+agentID)
		for err == nil {
			var batch jetstream.MessageBatch
			if batch, err = consumer.Fetch(10, jetstream.FetchMaxWait(5*time.Second)); err == nil {
				for message := range batch.Messages() {
					a.take(over, message)
				}
				err = batch.Error()
			}
			if over.Err() != nil {
				return
			}
		}
		time.Sleep(time.Second)
	}
}

func (a *Agent) take(ctx context.Context, message jetstream.Msg) {
	stored, err := message.Metadata()
	if err != nil {
		return
	}
	order := Order{}
	topic := strings.Split(message.Subject(), ".")[2]
	if err := json.Unmarshal(message.Data(), &order); err != nil { // it cannot be read
		names := Names{}
		json.Unmarshal(message.Data(), &names)
		if names.CommandID != "" {
			a.receipt(names, "failed", object{"detail": err.Error()})
		}
		message.DoubleAck(ctx)
		return
	}
	if topic != "command" {
		order.Type = topic
	}
	order.CommandID = cmp.Or(order.CommandID, order.MessageID, fmt.Sprint("COMMANDS-", stored.Sequence.Stream))
	key := cmp.Or(order.Token, order.CommandID)
	if a.acted[key] {
		message.DoubleAck(ctx)
		return
	}
	isControl := slices.Contains(control, order.Type)
	isOlder := stored.Timestamp.Before(began)
	isOthers := order.Run != "" && order.Run != run
	state, detail := "delivered", ""
	switch {
	case !isControl && order.Type != "task" && order.Type != "message":
		state, detail = "failed", "no order has the type "+order.Type
	case !order.ExpiresAt.IsZero() && order.ExpiresAt.Before(time.Now()):
		state, detail = "expired", "it expired at "+order.ExpiresAt.Format(time.RFC3339)
	case isControl && isOthers && !isOlder && time.Since(stored.Timestamp) < 3*time.Second:
		message.NakWithDelay(200 * time.Millisecond) // another run of this agent takes it
		return
	case isControl && (isOthers || (order.Run == "" && isOlder)):
		state, detail = "failed", "the run that it was for has ended"
	}
	more := object{}
	if detail != "" {
		more["detail"] = detail
	}
	a.receipt(order.Names, state, more)
	// If no answer comes, the acknowledgement may have arrived. The order would then not come again, so it is obeyed now.
	message.DoubleAck(ctx)
	a.acted[key] = true
	if state == "delivered" {
		a.obey(&order)
	}
}

func (a *Agent) obey(order *Order) {
	switch order.Type {
	case "pause":
		if !a.held.Load() {
			a.step.Lock() // waits until the step that runs is done
			a.held.Store(true)
			a.report("paused", a.current())
		}
		a.receipt(order.Names, "applied", nil)
	case "resume":
		if a.held.Load() {
			a.letGo()
			task, word := a.current(), "idle"
			if task != "" {
				word = "working"
			}
			a.report(word, task)
		}
		a.receipt(order.Names, "applied", nil)
		a.wake()
	case "stop", "shutdown":
		details := struct{ Force bool }{}
		json.Unmarshal(order.Payload, &details) // a payload may also be a text
		a.force.Store(details.Force || order.Force)
		select {
		case a.stop <- order:
		default: // it is being stopped already
		}
		if a.held.Load() {
			a.letGo()
		}
		a.wake()
	default:
		a.wake() // a task or message: its text is in the inbox
	}
}

func (a *Agent) letGo() {
	a.held.Store(false)
	a.step.Unlock()
}

func (a *Agent) wake() {
	select {
	case a.inbox <- struct{}{}:
	default:
	}
}

// What it does

// work takes what waits in the inbox until a stop comes, and returns the stop.
func (a *Agent) work() *Order {
	for {
		select {
		case stop := <-a.stop:
			return stop
		case <-a.inbox:
		}
		for !a.held.Load() && len(a.stop) == 0 {
			answer := a.call("check_inbox", object{})
			inbox := struct{ Items []Item }{}
			json.Unmarshal(answer.Result, &inbox)
			if !answer.Success {
				log.Print("check_inbox: ", answer.Error)
			}
			for _, item := range inbox.Items {
				item.CommandID = cmp.Or(item.CommandID, item.MessageID)
				item.Token = answer.Tokens[item.CommandID]
				a.handle(item)
			}
			if len(inbox.Items) == 0 {
				break
			}
		}
	}
}

func (a *Agent) handle(item Item) {
	if slices.Contains(control, item.Type) {
		return // it comes by the consumer, too
	}
	a.receipt(item.Names, "injected", object{"route": "check_inbox", "run": run})
	if !a.begin(item) {
		return
	}
	outcome, note := a.count(strings.Fields(item.Text))
	a.store("event", object{"kind": "said", "detail": note, "instance_id": run})
	a.acknowledgeTask(object{"command_id": item.CommandID, "outcome": outcome, "note": note})
	a.report("idle", "")
}

// acknowledgeTask ends a task, which would otherwise stay open for ever. It tries again if serve answers with an error, as a slow serve may.
func (a *Agent) acknowledgeTask(end object) {
	for range 10 {
		answer := a.call("acknowledge", end)
		if answer.Success {
			return
		}
		log.Print("acknowledge: ", answer.Error)
		time.Sleep(time.Second)
	}
}

// begin says that the work on a task begins, or shows a message. It returns whether there is work.
func (a *Agent) begin(item Item) bool {
	a.step.Lock() // a pause may have come since the inbox was asked
	defer a.step.Unlock()
	a.receipt(item.Names, "seen", object{"run": run})
	if item.Type == "message" {
		fmt.Printf("%s: %s\n", item.From, item.Text)
		return false
	}
	a.report("working", item.Text)
	return true
}

func (a *Agent) count(words []string) (outcome, note string) {
	for done, word := range words {
		a.step.Lock()
		if a.force.Load() {
			a.step.Unlock()
			return "failed", fmt.Sprintf("stopped after %d of %d words", done, len(words))
		}
		time.Sleep(stepTime)
		percent := 100 * float64(done+1) / float64(len(words))
		a.store("event", object{"kind": "progress", "detail": word, "percent": percent})
		a.step.Unlock()
	}
	return "applied", fmt.Sprintf("%d words", len(words))
}

func encode(body object) []byte {
	data, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func seconds(name string, standard float64) time.Duration {
	number, err := strconv.ParseFloat(os.Getenv(name), 64)
	if err != nil {
		number = standard
	}
	return time.Duration(number * float64(time.Second))
}
